"""Finds the photos below a folder and what each should be cut by: its boxes, or all of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cad2real.errors import Skipped
from photos.annotations.row import BoxRow
from photos.crop import Box

# Files that people keep beside photos; every other file is taken for a photo, whatever it is called.
SIDE_FILES = {
    ".csv",
    ".data",
    ".db",
    ".dvc",
    ".ini",
    ".json",
    ".labels",
    ".md",
    ".names",
    ".tsv",
    ".txt",
    ".xlsx",
    ".xml",
    ".yaml",
    ".yml",
}


How = Literal["boxes", "found", "whole"]
"""Given by somebody (as a box, or as the whole photo); found by the finder; all of the photo, as there was neither."""


@dataclass(frozen=True)
class Wanted:
    """A square to be made: the box (None: the whole photo), its label (empty: unknown), where it was asked for, how its
    box came about, and with which score where it was found.
    """

    box: Box | None
    label: str
    where: str
    how: How = "boxes"
    score: float | None = None


def find_photos(folder: Path) -> tuple[list[str], list[Skipped]]:
    """Paths of all photos below `folder`, relative to it, with slashes, sorted. Links out of the folder are refused."""
    found: list[str] = []
    skipped: list[Skipped] = []
    root = folder.resolve()
    unread: list[OSError] = []
    for place, folders, files in os.walk(folder, onerror=unread.append):
        here = Path(place)
        for name in list(folders):
            if name.startswith("."):
                folders.remove(name)
            elif (here / name).is_symlink():
                skipped.append(_skip(here / name, folder, "is a link to a folder. Copy the photos into the folder."))
        for name in files:
            path = here / name
            if name.startswith("."):
                continue
            if path.is_symlink() and (fault := _dead_link(path)):  # of a table beside the photos as well
                skipped.append(_skip(path, folder, fault))
            elif path.suffix.lower() in SIDE_FILES:
                continue
            elif not is_text(path.relative_to(folder)):
                skipped.append(_skip(path, folder, "has a name that is not valid UTF-8. Rename it."))
            elif path.is_symlink() and not path.resolve().is_relative_to(root):
                skipped.append(
                    _skip(path, folder, "is a link that leads out of the photo folder. Copy the photo here.")
                )
            elif not path.is_file():
                skipped.append(_skip(path, folder, "is not a file. Take it out of the photo folder."))
            else:
                found.append(path.relative_to(folder).as_posix())
    skipped += [
        _skip(Path(error.filename), folder, f"is not looked into ({error.strerror}). Check its rights.")
        for error in unread
    ]
    return sorted(found), sorted(skipped, key=lambda fault: fault.thing)


def wanted_squares(
    photos: list[str], folder: Path, rows: Sequence[BoxRow]
) -> tuple[dict[str, list[Wanted]], list[Skipped]]:
    """For each photo the squares to make, in the order of `photos` and of `rows` (see `photos.boxes.given_boxes`).

    A photo without a row is used whole with its sub-folder as label.
    """
    known = set(photos)
    by_photo: dict[str, list[Wanted]] = {}
    named: set[str] = set()
    skipped: list[Skipped] = []
    seen: dict[tuple[str, Box | None], str] = {}
    for row in rows:
        if not row.image:
            skipped.append(Skipped("(no name)", row.where, row.fault))
            continue
        photo = row.image
        if photo not in known:
            reason = row.fault or f"is not a photo in {folder}. Correct the name or add the photo."
            skipped.append(Skipped(photo, row.where, reason))
            continue
        named.add(photo)
        if row.fault:
            skipped.append(Skipped(photo, row.where, row.fault))
        elif first := seen.get((photo, row.box)):
            skipped.append(Skipped(photo, row.where, f"has the same box as {first}. Remove one of the two rows."))
        else:
            seen[photo, row.box] = row.where
            label = folder_label(photo) if row.label is None else row.label
            by_photo.setdefault(photo, []).append(Wanted(row.box, label, row.where))
    for photo in photos:
        if photo not in named:
            by_photo[photo] = [Wanted(None, folder_label(photo), str(folder), "whole")]
    return {photo: by_photo[photo] for photo in photos if photo in by_photo}, skipped


def folder_label(photo: str) -> str:
    """The label of a photo without a box: its first sub-folder, or empty (unknown) directly in the photo folder.

    >>> folder_label("hex_bolt/left/01.jpg"), folder_label("02.jpg")
    ('hex_bolt', '')
    """
    first, slash, _ = photo.partition("/")
    return first if slash else ""


def is_text(path: Path) -> bool:
    """Whether the name of `path` can be written into a file: on Linux a name may be any bytes."""
    return printable(path) == str(path)


def printable(path: Path) -> str:
    """The name of `path`; bytes of it that are no text become hexadecimal escapes."""
    return os.fsencode(path).decode(errors="backslashreplace")


def _dead_link(path: Path) -> str:
    """What is wrong with a link that leads nowhere, or in a circle; empty for one that leads to something."""
    try:
        path.stat()
    except OSError as error:
        target = printable(path.readlink())
        return f"is a link that leads nowhere ({target}: {error.strerror}). Copy it here instead, or remove the link."
    return ""


def _skip(path: Path, folder: Path, reason: str) -> Skipped:
    return Skipped(printable(path.relative_to(folder)), printable(folder), reason)
