"""The photos that a benchmark sets apart, and the project that judges a trained model on them as it would be used."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import yaml

from cad2real.errors import UserError
from cad2real.files import write_text
from cad2real.layout import Layout
from cad2real.params import load_params
from photos.boxes import boxes_in
from photos.split import PhotoSet, Split, set_apart, split_photos

STAGES = ("photos", "evaluate", "baselines", "index")
OWN = ("cache", "index", "logs", "reports", "squares")
"""What the project of the unseen photos has of its own in data/; renders, models and the like are the other's."""


@dataclass(frozen=True)
class Unseen:
    """Which photos are set apart: a `share` of all in (0, 1), or those in `folder`."""

    share: float | None = None
    folder: Path | None = None


def set_photos_apart(photos: PhotoSet, wanted: Unseen, root: Path) -> Split:
    """Splits the photos of a benchmark in root/split. Raises UserError.

    The boxes of a folder of unseen photos are those that lie in it, or the box file of the others.
    """
    out = root / "split"
    if wanted.folder is None:
        return split_photos(photos, wanted.share or 0.0, out)
    if not wanted.folder.is_dir():
        raise UserError(f"{wanted.folder}: no such folder of photos.", "Name the folder that holds the unseen photos.")
    boxes = boxes_in(wanted.folder) or photos.boxes
    return set_apart(PhotoSet(wanted.folder, boxes, photos.boxes_on), photos, out)


def use_photos(root: Path, photos: PhotoSet) -> None:
    """Writes into the project's params.yaml that these are its photos."""
    path = Layout(root).params
    params = yaml.safe_load(path.read_text(encoding="utf-8"))
    params["photos"]["folder"] = str(photos.folder.absolute())
    params["photos"]["boxes"] = None if photos.boxes is None else str(photos.boxes.absolute())
    params["photos"]["boxes_on"] = "upright"  # as a split writes them
    write_text(path, yaml.safe_dump(params, sort_keys=False, allow_unicode=True))
    load_params(path)


def deployed_project(root: Path, photos: PhotoSet) -> Path:
    """Makes root/unseen, a project of these photos whose models and renders are those of the project `root`: there
    every stage judges a finished model on photos that came later, and can change nothing of it.
    """
    project = root / "unseen"
    there = Layout(project).data
    there.mkdir(parents=True, exist_ok=True)
    for entry in Layout(root).data.iterdir():
        if entry.name in OWN or entry.name.startswith("."):
            continue
        link = there / entry.name
        link.unlink(missing_ok=True)
        link.symlink_to(os.path.relpath(entry, there))
    params = yaml.safe_load(Layout(root).params.read_text(encoding="utf-8"))
    params["train"] = (params.get("train") or {}) | {"labels": "none", "feedback": False}  # here labels only score
    write_text(Layout(project).params, yaml.safe_dump(params, sort_keys=False, allow_unicode=True))
    use_photos(project, photos)
    return project
