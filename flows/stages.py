"""The stages of a project, what DVC says about them, and how one is run."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from cad2real.errors import UserError
from flows.dvc import code_versions
from flows.processes import Finished, run_group
from flows.settings import run_environment

DVC = [sys.executable, "-m", "dvc"]


@dataclass(frozen=True)
class Stage:
    """A stage of dvc.yaml: its name and what it is for."""

    name: str
    description: str


def read_stages(root: Path) -> list[Stage]:
    """The stages of dvc.yaml in the order in which they are written, which is the order in which they run."""
    path = root / "dvc.yaml"
    try:
        stages = yaml.safe_load(path.read_text(encoding="utf-8"))["stages"]
        return [Stage(str(name), str(stage.get("desc", ""))) for name, stage in stages.items()]
    except FileNotFoundError:
        raise UserError(
            f"There is no dvc.yaml in {root.resolve()}.",
            "Go to a project folder, or make one with: cad2real init DIR",
        ) from None
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{path} cannot be read: {error}", "Mend it, or copy the one that `cad2real init` makes."
        ) from None


def chosen_stages(root: Path, name: str | None) -> list[Stage]:
    """All stages, or the stage `name` and those written before it. Raises UserError for an unknown name."""
    stages = read_stages(root)
    if name is None:
        return stages
    names = [stage.name for stage in stages]
    if name not in names:
        raise UserError(f"There is no stage {name!r}.", f"Choose one of: {', '.join(names)}.")
    return stages[: names.index(name) + 1]


def stale_stages(root: Path) -> dict[str, list[str]]:
    """What DVC finds changed, by stage, in words ("data/parts modified"). Stages after a stale one may be stale too.

    Raises UserError with DVC's words when DVC cannot tell.
    """
    asked = subprocess.run(
        [*DVC, "status", "--json"], cwd=root, env=run_environment(root), capture_output=True, text=True
    )
    try:
        if asked.returncode != 0:
            raise ValueError
        answer = json.loads(asked.stdout)
    except ValueError:
        words = [line.removeprefix("ERROR: ") for line in asked.stderr.splitlines() if line.startswith("ERROR")]
        raise UserError(f"DVC cannot tell what is stale: {' '.join(words) or asked.stderr[-500:]}", "") from None
    lock = root / "dvc.lock"
    recorded = (yaml.safe_load(lock.read_text(encoding="utf-8")) or {}).get("stages", {}) if lock.exists() else {}
    return {
        stage: _in_words(changes) if stage in recorded else ["has not run yet"] for stage, changes in answer.items()
    }


def _in_words(changes: list[object]) -> list[str]:
    words = []
    for change in changes:
        if not isinstance(change, dict):  # "always changed", "changed command"
            words.append(str(change))
            continue
        for kind, what in change.items():
            if isinstance(what, dict):
                words += [_one_change(str(kind), str(path), state) for path, state in what.items()]
            else:
                words.append(f"{kind} {what}")
    return words


def _one_change(kind: str, path: str, state: object) -> str:
    if isinstance(state, dict):  # parameters: {"render.views": "modified"}
        code = "code of " if path == code_versions.FILE else ""
        return ", ".join(f"{code}{key} {how}" for key, how in state.items())
    return f"{path} {state}" + (" (an output)" if kind == "changed outs" else "")


def run_stage(root: Path, stage: str, *, force: bool, log: Path, on_line: Callable[[str], None]) -> Finished:
    """Runs one stage through DVC, which does nothing when it is up to date. Stages before it must have run already."""
    command = [*DVC, "repro", "--single-item", *(["--force"] if force else []), stage]
    return run_group(command, root, log, on_line, run_environment(root))
