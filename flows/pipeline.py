"""Runs the stages one after the other, from the first stale one on; says what failed and why."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cad2real.disk_errors import no_room
from cad2real.errors import UserError
from cad2real.quoting import quoted
from flows.processes import FinishedProcess
from flows.stages import Stage, repro_stage

# What DVC prints around a stage's own lines; not shown.
_DVC_MESSAGES = re.compile(
    r"Running stage '|> |Updating lock file|Generating lock file|Use `dvc push`|Data and pipelines are up to date"
    r"|To track the changes with git|\tgit add |To enable auto staging|\tdvc config core\.autostage"
    r"|Stage '.*' (didn't change|is cached)|WARNING: '.*' is empty|WARNING: Process .* in RWLock"
)
# DVC has the outputs of an earlier run with the same inputs in its cache.
_RESTORED = re.compile(r"Stage '.*' is cached - skipping run")
# Failures that may not happen again: killed from outside, someone else's lock, memory, the network.
_TRANSIENT = re.compile(
    r"exited with (-\d+|1[2-6]\d)\b|is busy, it is being blocked|BrokenProcessPool|MemoryError|out of memory"
    r"|Resource temporarily unavailable|Connection(Reset|Refused|Aborted)?Error|Timed? ?out",
    re.IGNORECASE,
)
SHOWN_LINES = 8


class Outcome(StrEnum):
    RAN = "ran"
    UNCHANGED = "unchanged"
    RESTORED = "brought back from an earlier run with the same inputs"


@dataclass(frozen=True)
class StageResult:
    """Whether a stage ran, and how many seconds it took."""

    stage: str
    outcome: Outcome
    seconds: float


class StageError(UserError):
    """A stage ended badly; `transient` when a second try may succeed."""

    def __init__(self, what: str, remedy: str, *, transient: bool) -> None:
        super().__init__(what, remedy)
        self.transient = transient


StageRunner = Callable[[Path, str, bool, Path], StageResult]


def print_progress(line: str) -> None:
    """Progress goes to standard error; standard output is for results."""
    print("\n".join(map(quoted, line.split("\n"))), file=sys.stderr, flush=True)


def run_stage(
    root: Path, stage: str, force: bool, log: Path, on_line: Callable[[str], None] = print_progress
) -> StageResult:
    """Runs one stage through DVC. Raises StageError with the stage's last lines and the log's path."""
    started = time.monotonic()
    outcome = Outcome.UNCHANGED

    def show(line: str) -> None:
        nonlocal outcome
        if line.startswith("Running stage"):
            outcome = Outcome.RAN
        elif _RESTORED.match(line):
            outcome = Outcome.RESTORED
        if not _DVC_MESSAGES.match(line):
            on_line(f"    {line}")

    finished = repro_stage(root, stage, force=force, log=log, on_line=show)
    if finished.exit_code != 0:
        raise explain_failure(stage, finished, log)
    return StageResult(stage, outcome, time.monotonic() - started)


def retried(runner: StageRunner, retries: int, delay_s: float) -> StageRunner:
    """`runner`, which runs a stage up to `retries` times more, each after `delay_s`, while its failure is transient."""

    def run(root: Path, stage: str, force: bool, log: Path) -> StageResult:
        for left in range(retries, 0, -1):
            try:
                return runner(root, stage, force, log)
            except StageError as failure:
                if not failure.transient:
                    raise
                print_progress(f"    {failure.what.splitlines()[0]} Once more ({left} left) after {delay_s:g} s.")
                time.sleep(delay_s)
        return runner(root, stage, force, log)

    return run


def explain_failure(stage: str, finished: FinishedProcess, log: Path) -> StageError:
    """The error of a failed stage: its own error line or its last lines, and where its log is."""
    own = [line for line in finished.last_lines if not _DVC_MESSAGES.match(line)]
    own_error = next((line.removeprefix("error: ") for line in reversed(own) if line.startswith("error: ")), None)
    if own_error is not None:  # the stage has told the user what to mend
        return StageError(f"stage {stage}: {own_error}", f"(log: {log})", transient=False)
    if disk := no_room(log.parent):
        return StageError(f"stage {stage}: {disk.what}", f"{disk.remedy} (log: {log})", transient=False)
    killed = finished.exit_code < 0
    transient = killed or any(_TRANSIENT.search(line) for line in own)
    how = f"was ended by signal {-finished.exit_code}" if killed else "failed"
    last = "".join(f"\n    {line}" for line in own[-SHOWN_LINES:])
    return StageError(f"stage {stage} {how}. Its last lines:{last}\n", f"The whole log: {log}", transient=transient)


def stages_to_run(stages: Sequence[Stage], stale: Sequence[str], *, force: bool) -> list[str]:
    """The names of the stages that DVC has to check and perhaps run: from the first stale one on."""
    names = [stage.name for stage in stages]
    first = 0 if force else min((names.index(name) for name in stale if name in names), default=len(names))
    return names[first:]


def run_stages(
    root: Path,
    stages: Sequence[Stage],
    *,
    stale: Sequence[str],
    force: bool,
    logs: Path,
    runner: StageRunner,
) -> list[StageResult]:
    """Runs `stages` in order and prints what it does; those before the first of `stale` are known to be up to date."""
    results: list[StageResult] = []
    chosen = stages_to_run(stages, stale, force=force)
    for number, stage in enumerate(stages):
        heading = f"[{number + 1}/{len(stages)}] {stage.name}"
        if stage.name not in chosen:
            result = StageResult(stage.name, Outcome.UNCHANGED, 0.0)
        else:
            print_progress(f"{heading}: {stage.description}".rstrip(": "))
            result = runner(root, stage.name, force, logs / f"{stage.name}.log")
        results.append(result)
        duration = f" in {result.seconds:.0f} s" if result.outcome == Outcome.RAN else ""
        print_progress(f"{heading}: {result.outcome}{duration}")
    return results
