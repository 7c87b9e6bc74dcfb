"""The stages of a project, what DVC says about them, and how one is run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from cad2real.errors import UserError
from cad2real.files import parse_json
from flows.dvc import code_versions, passed_over
from flows.dvc.commands import DVC, run_dvc
from flows.dvc.lock_file import FILE, read_lock
from flows.environment import SECRETS, run_environment
from flows.ownership import refuse_foreign_project
from flows.processes import FinishedProcess, run_group


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
    except IsADirectoryError:
        raise UserError(
            f"{path} is a folder, and has to be a file.", "Rename it, and copy the one that `cad2real init` makes."
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
    """What DVC finds changed, by stage, as text ("data/parts modified"). Stages after a stale one may be stale too.

    Raises UserError with DVC's message when DVC cannot tell, and for another user's project.
    """
    stages = read_stages(root)
    if not (root / ".dvc").is_dir():  # DVC is set up by the first run
        refuse_foreign_project(root)
        return {stage.name: ["has not run yet"] for stage in stages}
    passed_over.pass_over_unreadable(root)
    status = run_dvc(root, "status", "--json")
    try:
        if status.returncode != 0:
            raise ValueError
        changed = parse_json(status.stdout)
    except ValueError:
        errors = [line.removeprefix("ERROR: ") for line in status.stderr.splitlines() if line.startswith("ERROR")]
        raise UserError(
            f"DVC cannot tell what is stale: {' '.join(errors) or status.stderr[-500:]}",
            "`cad2real verify` names what is damaged, with --repair it is mended.",
        ) from None
    recorded = read_lock(root / FILE)
    return {
        stage: _descriptions(changes) if stage in recorded else ["has not run yet"]
        for stage, changes in changed.items()
    }


def _descriptions(changes: list[object]) -> list[str]:
    descriptions = []
    for change in changes:
        if not isinstance(change, dict):  # "always changed", "changed command"
            descriptions.append(str(change))
            continue
        for kind, what in change.items():
            if isinstance(what, dict):
                descriptions += [_describe(str(kind), str(path), state) for path, state in what.items()]
            else:
                descriptions.append(f"{kind} {what}")
    return descriptions


def _describe(kind: str, path: str, state: object) -> str:
    if isinstance(state, dict):  # parameters: {"render.views": "modified"}
        code = "code of " if path == code_versions.FILE else ""
        return ", ".join(f"{code}{key} {how}" for key, how in state.items())
    path = "links that lead nowhere and the like" if path == passed_over.FILE else path
    return f"{path} {state}" + (" (an output)" if kind == "changed outs" else "")


def repro_stage(root: Path, stage: str, *, force: bool, log: Path, on_line: Callable[[str], None]) -> FinishedProcess:
    """`dvc repro` of one stage, which does nothing when it is up to date. Stages before it must have run already."""
    passed_over.pass_over_unreadable(root)  # a link may die while others run
    command = [*DVC, "repro", "--single-item", *(["--force"] if force else []), stage]
    environment = {name: value for name, value in run_environment(root).items() if name not in SECRETS}
    return run_group(command, root, log, on_line, environment)
