"""Which format of boxes a file is, by what it holds; and all of them in a folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cad2real.errors import Skipped, UserError
from photos.annotations import (
    coco,
    cvat,
    label_studio,
    labelme,
    openimages,
    own_csv,
    roboflow_csv,
    via,
    via3,
    voc,
    yolo,
)
from photos.annotations.files import Content, read_content
from photos.annotations.row import Annotations

SUFFIXES = (".csv", ".json", ".tsv", ".txt", ".xml")
LARGEST_TXT = 10_000_000
NO_BOXES = "training_labels.csv"
"""Lies among photos and says which labels train (`photos.learned`): never taken for boxes, whose labels score."""


@dataclass(frozen=True)
class Format:
    """A format by its name: whether a content is one, and its rows."""

    name: str
    fits: Callable[[Content], bool]
    read: Callable[[Content], Annotations]


TABLES = [
    Format(own_csv.NAME, own_csv.fits, own_csv.read),
    Format(roboflow_csv.NAME, roboflow_csv.fits, roboflow_csv.read),
    Format(openimages.NAME, openimages.fits, openimages.read),
    Format(via.CSV_NAME, via.fits_csv, via.read_csv),
]
VALUES = [
    Format(coco.NAME, coco.fits, coco.read),
    Format(labelme.NAME, labelme.fits, labelme.read),
    Format(label_studio.NAME, label_studio.fits, label_studio.read),
    Format(via.NAME, via.fits, via.read),
    Format(via3.NAME, via3.fits, via3.read),
]
TREES = [Format(voc.NAME, voc.fits, voc.read), Format(cvat.NAME, cvat.fits, cvat.read)]
FORMATS = (*TABLES, *VALUES, *TREES, Format(yolo.NAME, yolo.fits, yolo.read))
KNOWN = ", ".join(one.name for one in FORMATS)


def read_annotations(path: Path) -> tuple[Annotations, list[Skipped]]:
    """The boxes of a file, or of all files of boxes in a folder and below, with the files that could not be read.

    Raises UserError for a file that is none, and for a folder that has none, or such of several formats.
    """
    if path.is_dir():
        return _read_folder(path)
    if path.suffix.lower() in (".yaml", ".yml") and path.is_file():  # YOLO's data.yaml stands above its text files
        return _read_folder(path.parent)
    content = read_content(path)
    found = _format(content)
    if found is None and path.suffix.lower() == ".csv":
        found = TABLES[0]  # which says what columns are missing
    if found is None:
        raise UserError(f"{path} holds no boxes in a known format.", f"Known are {KNOWN}.")
    return found.read(content), []


def has_annotations(folder: Path) -> bool:
    """Whether a file in `folder` or below holds boxes."""
    for path in _files(folder):
        try:
            if _format(read_content(path)):
                return True
        except UserError:
            continue
    return False


def _read_folder(folder: Path) -> tuple[Annotations, list[Skipped]]:
    names = yolo.Names()
    read: dict[str, list[Annotations]] = {}
    examples: dict[str, Path] = {}
    skipped: list[Skipped] = []
    for path in _files(folder):
        try:
            if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
                raise UserError("it is a link that leads out of the folder.", "Copy the file here.")
            content = read_content(path)
            found = _format(content)
            if found is None:
                continue
            annotations = yolo.read(content, names) if found.name == yolo.NAME else found.read(content)
        except UserError as error:
            skipped.append(Skipped(path.relative_to(folder).as_posix(), str(folder), f"no boxes are read: {error}"))
            continue
        read.setdefault(found.name, []).append(annotations)
        examples.setdefault(found.name, path)
    if not read:
        raise UserError(f"{folder} holds no file of boxes in a known format.", f"Known are {KNOWN}.")
    if len(read) > 1:
        several = " and ".join(f"{name} ({path})" for name, path in examples.items())
        raise UserError(f"{folder} holds boxes in several formats: {several}.", "Name one of them as photos.boxes.")
    return _together(next(iter(read.values()))), skipped


def _together(parts: list[Annotations]) -> Annotations:
    rows = [row for part in parts for row in part.rows]
    categories = dict.fromkeys(name for part in parts for name in part.categories)
    notes = dict.fromkeys(note for part in parts for note in part.notes)
    return Annotations(parts[0].format, rows, list(categories), sum(part.empty for part in parts), list(notes))


def _format(content: Content) -> Format | None:
    if content.root is not None:
        candidates = TREES
    elif content.value is not None:
        candidates = VALUES
    else:
        candidates = [*TABLES, FORMATS[-1]]
    return next((one for one in candidates if one.fits(content)), None)


def _files(folder: Path) -> Iterator[Path]:
    """Files that may hold boxes, sorted; nothing hidden, no linked folders."""
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and not (Path(place) / name).is_symlink()
        )
        for name in sorted(files):
            path = Path(place) / name
            if name.startswith(".") or name == NO_BOXES or path.suffix.lower() not in SUFFIXES:
                continue
            if path.suffix.lower() == ".txt" and path.stat().st_size > LARGEST_TXT:
                continue
            yield path
