"""Runs a command in a process group of its own and never leaves a part of that group behind."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LAST_LINES = 15
GRACE_S = 4.0

# Waits until its standard input closes, which also happens when the parent is killed with -9; then it ends the group.
# A line on the input means that the command ended by itself.
_WATCHDOG = 'read -r _ || { kill -s TERM -- "-$0"; sleep 3; kill -s KILL -- "-$0"; }'


@dataclass(frozen=True)
class FinishedProcess:
    """How a command ended: its exit code (negative: killed by that signal) and its last lines."""

    exit_code: int
    last_lines: tuple[str, ...]


def run_group(
    command: Sequence[str],
    folder: Path,
    log: Path,
    on_line: Callable[[str], None],
    environment: Mapping[str, str] | None = None,
) -> FinishedProcess:
    """Runs `command` in `folder`, appends its output to `log` and calls `on_line` with each line as it comes.

    However this ends (the command's end, Ctrl-C, an exception of `on_line`, even kill -9 of this process), every
    process of the command's group is ended: first with SIGTERM, after some seconds with SIGKILL.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    last: deque[str] = deque(maxlen=LAST_LINES)
    with (
        log.open("a", encoding="utf-8") as log_file,
        _group(command, folder, environment) as process,
        process.stdout as output,  # type: ignore[union-attr]
    ):
        # A leader that was killed with -9 leaves children that hold the output open: they are ended with it.
        threading.Thread(target=_end_with_leader, args=[process], daemon=True).start()
        for line in output:
            line = line.rstrip()
            log_file.write(line + "\n")
            log_file.flush()
            if line:
                last.append(line)
                on_line(line)
        exit_code = process.wait()
    return FinishedProcess(exit_code, tuple(last))


def end_with_this_process(pid: int) -> None:
    """Makes process `pid` end when this one does, even if this one is killed with -9."""
    subprocess.Popen(
        ["/bin/sh", "-c", 'read -r _ || kill -s TERM "$0" 2>/dev/null', str(pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def treat_sigterm_as_ctrl_c() -> None:
    """Makes a SIGTERM (of a service manager, a scheduler) unwind this process as Ctrl-C does, so that nothing is left
    running.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def _end_with_leader(process: subprocess.Popen[str]) -> None:
    process.wait()
    _end_group(process)


@contextmanager
def _group(
    command: Sequence[str], folder: Path, environment: Mapping[str, str] | None
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=None if environment is None else dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    watchdog: subprocess.Popen[bytes] | None = None
    try:
        watchdog = subprocess.Popen(
            ["/bin/sh", "-c", _WATCHDOG, str(process.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        yield process
    finally:
        _end_group(process)
        if watchdog is not None:
            watchdog.communicate(b"ended\n")


def _end_group(process: subprocess.Popen[str]) -> None:
    """Ends what is left of the group that `process` leads. The group may outlive its leader (kill -9 of dvc alone)."""
    if _signal_group(process.pid, signal.SIGTERM):
        deadline = time.monotonic() + GRACE_S
        while _signal_group(process.pid, 0) and time.monotonic() < deadline:
            process.poll()  # a leader that has ended counts as a member until it is reaped
            time.sleep(0.05)
        _signal_group(process.pid, signal.SIGKILL)
    process.wait()


def _signal_group(group: int, number: int) -> bool:
    """Sends the signal; False when no process of the group is left."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS answers so for a group that has only zombies left
        return False
    return True
