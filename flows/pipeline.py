"""A run of the stages: which are stale, one after the other, what failed and why."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cad2real.errors import UserError
from flows.processes import Finished
from flows.stages import Stage, run_stage

# What DVC says around a stage's own lines.
_DVC_TALK = re.compile(
    r"Running stage '|> |Updating lock file|Generating lock file|Use `dvc push`|Data and pipelines are up to date"
    r"|To track the changes with git|\tgit add |To enable auto staging|\tdvc config core\.autostage"
    r"|Stage '.*' (didn't change|is cached)|WARNING: '.*' is empty|WARNING: Process .* in RWLock"
)
# DVC has the outputs of an earlier run with the same inputs in its cache.
_RESTORED = re.compile(r"Stage '.*' is cached - skipping run")
# Failures that may pass: killed from outside, someone else's lock, memory, the network.
_PASSING = re.compile(
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
    """What became of a stage and how many seconds it took."""

    stage: str
    outcome: Outcome
    seconds: float


class StageError(UserError):
    """A stage ended badly; `passing` when a second try may go well."""

    def __init__(self, what: str, remedy: str, *, passing: bool) -> None:
        super().__init__(what, remedy)
        self.passing = passing


Say = Callable[[str], None]
StageRunner = Callable[[Path, str, bool, Path], StageResult]


def say(line: str) -> None:
    """Progress goes to standard error; standard output is for results."""
    print(line, file=sys.stderr, flush=True)


def execute(root: Path, stage: str, force: bool, log: Path, on_line: Say = say) -> StageResult:
    """Runs one stage through DVC. Raises StageError with the stage's last lines and the log's path."""
    started = time.monotonic()
    outcome = Outcome.UNCHANGED

    def show(line: str) -> None:
        nonlocal outcome
        if line.startswith("Running stage"):
            outcome = Outcome.RAN
        elif _RESTORED.match(line):
            outcome = Outcome.RESTORED
        if not _DVC_TALK.match(line):
            on_line(f"    {line}")

    finished = run_stage(root, stage, force=force, log=log, on_line=show)
    if finished.exit_code != 0:
        raise explain_failure(stage, finished, log)
    return StageResult(stage, outcome, time.monotonic() - started)


def explain_failure(stage: str, finished: Finished, log: Path) -> StageError:
    """The error that says which stage ended badly, in its own words or with its last lines, and where its log is."""
    own = [line for line in finished.last_lines if not _DVC_TALK.match(line)]
    said = next((line.removeprefix("error: ") for line in reversed(own) if line.startswith("error: ")), None)
    if said is not None:  # the stage has told the user what to mend
        return StageError(f"stage {stage}: {said}", f"(log: {log})", passing=False)
    killed = finished.exit_code < 0
    passing = killed or any(_PASSING.search(line) for line in own)
    how = f"was ended by signal {-finished.exit_code}" if killed else "failed"
    last = "".join(f"\n    {line}" for line in own[-SHOWN_LINES:])
    return StageError(f"stage {stage} {how}. Its last lines:{last}\n", f"The whole log: {log}", passing=passing)


def to_run(stages: Sequence[Stage], stale: Sequence[str], *, force: bool) -> list[str]:
    """The names of the stages that have to run, or be looked at by DVC: from the first stale one on."""
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
    """Runs `stages` in order and says what it does; those before the first of `stale` are known to be up to date."""
    results: list[StageResult] = []
    chosen = to_run(stages, stale, force=force)
    for number, stage in enumerate(stages):
        heading = f"[{number + 1}/{len(stages)}] {stage.name}"
        if stage.name not in chosen:
            result = StageResult(stage.name, Outcome.UNCHANGED, 0.0)
        else:
            say(f"{heading}: {stage.description}".rstrip(": "))
            result = runner(root, stage.name, force, logs / f"{stage.name}.log")
        results.append(result)
        say(f"{heading}: {result.outcome}" + (f" in {result.seconds:.0f} s" if result.outcome == Outcome.RAN else ""))
    return results
