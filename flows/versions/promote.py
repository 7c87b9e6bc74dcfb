"""Which model is in use: a new one takes the place of the current one only if it is not worse on today's photos.

data/models/current is a link to a promoted model's folder, a copy that later runs do not touch: model.safetensors,
model.json and index/, and laid out so that search can open it like a project.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cad2real.errors import UserError
from cad2real.files import TEMPORARY_SUFFIX, atomic_folder, parse_json
from cad2real.import_path import PYTHON
from cad2real.layout import Layout
from flows.environment import run_environment
from flows.versions.record import version_folders
from flows.versions.sums import write_sums

PROMOTED, CURRENT = "promoted", "current"
KEPT_MODELS = 3
WEIGHTS = "model.safetensors"

# Scores of the models in the given folders, on the project's photos (train/stages/score.py).
Scorer = Callable[[Path, list[Path]], list[dict[str, Any]]]


@dataclass(frozen=True)
class Decision:
    """Whether the new model was promoted, and why, as text for people."""

    promoted: bool
    reason: str


def promote(root: Path, name: str, tolerance: float, scorer: Scorer | None = None) -> Decision:
    """Promotes the project's adapted model under the version's `name`, unless it is worse than the current one.

    `tolerance`: by how much accuracy and the label-free score (both in [0, 1]) may fall. Raises UserError when there
    is no adapted model.
    """
    layout = Layout(root)
    new, current = layout.models / "adapt", layout.models / CURRENT
    if not (new / WEIGHTS).is_file():
        raise UserError("There is no adapted model to promote.", "Add photos and run: cad2real run")
    if not (current / WEIGHTS).is_file():
        decision = Decision(True, "there was no model in use")
    elif _same_model(new, current):
        return Decision(False, "the model has not changed")
    else:
        before, after = (scorer or score)(root, [current, new])
        decision = compare(before, after, tolerance)
    if decision.promoted:
        _switch(layout, name)
    return decision


def compare(before: dict[str, Any], after: dict[str, Any], tolerance: float) -> Decision:
    """Judges two models by their scores on the same photos."""
    if set(before["classes"]) != set(after["classes"]):
        return Decision(True, "the parts have changed, so the model in use does not know them all")
    comparisons = []
    worse = False
    for key, name in (("accuracy", "accuracy"), ("label_free", "label-free score")):
        if before[key] is None or after[key] is None:
            continue
        comparisons.append(f"{name} {before[key]:.3f} -> {after[key]:.3f}")
        worse = worse or after[key] < before[key] - tolerance
    if not comparisons:
        return Decision(True, "there are no photos to compare the models on")
    return Decision(not worse, f"{', '.join(comparisons)} (tolerance {tolerance:g})")


def score(root: Path, folders: list[Path]) -> list[dict[str, Any]]:
    """Scores the models in a process of their own: this room does without torch. Raises UserError."""
    command = [*PYTHON, "-m", "train.stages.score", *(str(folder.resolve()) for folder in folders)]
    done = subprocess.run(command, cwd=root, env=run_environment(root), capture_output=True, text=True)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise UserError(f"The models cannot be compared: {last.removeprefix('error: ')}", "The one in use stays.")
    scores: list[dict[str, Any]] = parse_json(done.stdout.strip().splitlines()[-1])
    return scores


def _same_model(new: Path, current: Path) -> bool:
    return (new / WEIGHTS).read_bytes() == (current / WEIGHTS).read_bytes()


def _switch(layout: Layout, name: str) -> None:
    """Copies model and index to promoted/<name>, then turns the link `current` to it in one step."""
    folder = layout.models / PROMOTED / name
    with atomic_folder(folder) as target:
        for file in (layout.models / "adapt").iterdir():
            shutil.copyfile(file, target / file.name)
        if layout.index.is_dir():
            shutil.copytree(layout.index, target / "index")
        if layout.params.exists():
            shutil.copyfile(layout.params, target / "params.yaml")
        write_sums(target)
        (target / "data" / "models").mkdir(parents=True)
        (target / "data" / "models" / "adapt").symlink_to(Path("../.."))
        (target / "data" / "index").symlink_to(Path("../index"))
    link = layout.models / f".{CURRENT}.{os.getpid()}{TEMPORARY_SUFFIX}"
    link.unlink(missing_ok=True)
    link.symlink_to(Path(PROMOTED) / name)
    link.replace(layout.models / CURRENT)
    order = [version.name for version in version_folders(layout.root)]
    older = sorted(
        (path for path in (layout.models / PROMOTED).iterdir() if path.is_dir() and path.name != name),
        key=lambda path: (order.index(path.name) if path.name in order else -1, path.name),
    )
    for surplus in older[: max(0, len(older) - KEPT_MODELS + 1)]:
        shutil.rmtree(surplus, ignore_errors=True)
