"""Asking a person for labels: a folder of pictures to be sorted, and back into the table of labels that train.

The person moves pictures into the folder of their part, or fills in the column `label` of suggestions.csv.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cad2real.errors import Skipped, UserError
from cad2real.files import atomic_folder, write_text
from photos.annotations.files import read_content, table
from photos.annotations.own_csv import CORNERS
from photos.annotations.row import BoxRow
from photos.boxes import read_boxes
from photos.learned import TRAINING_LABELS
from photos.manifest import SquareRow
from photos.unfinished import link

SUGGESTIONS = "suggestions.csv"
COLUMNS = ("picture", "label", "guess", "probability", "image", *CORNERS)
TABLE_COLUMNS = ("image", "label", *CORNERS)
FOLDER_NAME = re.compile(r"[^/\\<>:\"|?*\x00-\x1f.][^/\\<>:\"|?*\x00-\x1f]*")
"""Labels that can be a folder's name on all systems; others are written into the table."""


@dataclass(frozen=True)
class Asked:
    """A square that a person is to name, with the model's guess and its probability."""

    row: SquareRow
    guess: str
    probability: float


@dataclass(frozen=True)
class ReadBack:
    """`labels`: how many were read; `unanswered` pictures; `total` labels in the table now; what cannot be used."""

    labels: int
    unanswered: int
    total: int
    skipped: list[Skipped] = field(default_factory=list)


def write_suggestions(squares: Path, asked: Sequence[Asked], labels: Iterable[str], out: Path) -> None:
    """Writes the folder `out`: links to the pictures in `squares`, an empty folder for each of `labels`, and
    suggestions.csv. Raises UserError where `out` holds something.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out} is there already.", "Read it back (`cad2real label FOLDER`), or name another --out.")
    digits = len(str(len(asked)))
    rows = []
    with atomic_folder(out) as target:
        for label in filter(FOLDER_NAME.fullmatch, labels):
            (target / label).mkdir()
        for number, one in enumerate(asked, start=1):
            name = f"{number:0{digits}}_{one.row.square}"
            link(squares / one.row.square, target / name)
            corners = [getattr(one.row, corner) for corner in CORNERS]
            rows.append([name, "", one.guess, f"{one.probability:.3f}", one.row.photo, *corners])
        write_text(target / SUGGESTIONS, _csv(COLUMNS, rows))


def read_back(folder: Path, photos: Path) -> ReadBack:
    """Adds the labels that a person gave in `folder` to training_labels.csv in the folder `photos`; those that were
    there before stay, unless they are of the same part in the same photo. Raises UserError for another folder, or a
    table that cannot be read.
    """
    places = {path.name: path for path in sorted(folder.rglob("*.jpg")) if path.is_file()}
    answers: dict[tuple[str, ...], str] = {}
    skipped, unanswered = [], 0
    for number, row in _suggestions(folder / SUGGESTIONS):
        label, fault = _answer(row, places.get(row["picture"]), folder)
        if fault:
            skipped.append(Skipped(row["picture"], f"{folder / SUGGESTIONS} row {number}", fault))
        elif not label:
            unanswered += 1
        else:
            answers[row["image"], *(row[corner] for corner in CORNERS)] = label
    path = photos / TRAINING_LABELS
    before = _table_before(path)
    merged = before | answers
    if merged != before:
        write_text(path, _csv(TABLE_COLUMNS, [[image, label, *box] for (image, *box), label in merged.items()]))
    return ReadBack(len(answers), unanswered, len(merged), skipped)


def _suggestions(path: Path) -> list[tuple[int, dict[str, str]]]:
    if not path.is_file():
        raise UserError(f"{path.parent} holds no {SUGGESTIONS}.", "Make such a folder: cad2real label --suggest 20")
    names, rows = table(read_content(path))
    if missing := [name for name in ("picture", "label", "image", *CORNERS) if name not in names]:
        raise UserError(f"{path} lacks the column(s) {', '.join(missing)}.", "Put them back as they were.")
    return rows


def _answer(row: dict[str, str], place: Path | None, folder: Path) -> tuple[str, str]:
    """The label that a row of suggestions and the place of its picture give ("" for none), and what is wrong."""
    steps = () if place is None else place.relative_to(folder).parts
    by_place = steps[0] if len(steps) > 1 else ""
    if row["label"] and by_place and row["label"] != by_place:
        return "", f"lies in {by_place} and is {row['label']} in the table. Leave one of them."
    return row["label"] or by_place, ""


def _table_before(path: Path) -> dict[tuple[str, ...], str]:
    """Labels by image and corners. Raises UserError for a row that would be lost."""
    if not path.exists():
        return {}
    return {(_usable(row).image, *_corners(row)): row.label or "" for row in read_boxes(path)}


def _usable(row: BoxRow) -> BoxRow:
    if row.fault:
        raise UserError(f"{row.where}: {row.fault}", "Then read the labels again.")
    return row


def _corners(row: BoxRow) -> list[str]:
    box = row.box
    if box is None:
        return [""] * 4
    return [f"{corner:.10g}" for corner in (box.x_min, box.y_min, box.x_max, box.y_max)]


def _csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([columns, *rows])
    return text.getvalue()
