"""Progress of long work: a bar with an ETA on a terminal, plain lines now and then in a log."""

from __future__ import annotations

import sys
import time
from types import TracebackType

LOG_INTERVAL_S = 15.0
TERMINAL_INTERVAL_S = 0.1


class Progress:
    """Counts `total` steps of `label`; use it as a context manager and call `advance`.

    `unit` names what is counted ("views", "photos", "steps"). Everything goes to standard error, so that standard
    output stays clean for results. Set `failures` to have it shown. `done` of the steps were done before.
    """

    def __init__(self, label: str, total: int, unit: str, done: int = 0) -> None:
        self.label, self.total, self.unit = label, total, unit
        self.done = self._before = done
        self.failures = 0
        self._terminal = sys.stderr.isatty()
        self._started = time.monotonic()
        self._next_line = self._started

    def __enter__(self) -> Progress:
        self._show("")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._show("", last=True)

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Counts `steps` more as done; `note` (for example a loss) is shown behind the figures."""
        self.done += steps
        if time.monotonic() >= self._next_line:
            self._show(note)

    def _show(self, note: str, *, last: bool = False) -> None:
        from tqdm import tqdm

        now = time.monotonic()
        self._next_line = now + (TERMINAL_INTERVAL_S if self._terminal else LOG_INTERVAL_S)
        if self.failures:
            note = f"{self.failures} failed {note}".strip()
        line = tqdm.format_meter(
            self.done,
            self.total,
            now - self._started,
            prefix=self.label,
            unit=f" {self.unit}",
            initial=self._before,
            postfix=note or None,
            ncols=110,
            ascii=not self._terminal,
        )
        sys.stderr.write(f"\r\x1b[2K{line}" + ("\n" if last else "") if self._terminal else f"{line}\n")
        sys.stderr.flush()
