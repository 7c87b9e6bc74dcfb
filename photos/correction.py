"""What was found, as a box file that a person corrects: given boxes win over what is found, so the file is the way."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from cad2real.errors import UserError
from cad2real.files import write_text
from photos.annotations.own_csv import CORNERS
from photos.boxes import read_boxes
from photos.manifest import SquareRow
from photos.names import named_rows

COLUMNS = ("image", "label", *CORNERS, "score")


@dataclass(frozen=True)
class Correction:
    """How many rows were added to a box file: boxes that were found, and photos of which all is used."""

    found: int
    whole: int


def write_boxes_to_correct(rows: list[SquareRow], folder: Path, boxes: Path) -> Correction:
    """Adds to the box file `boxes` a row for each of the squares `rows` whose photo, below `folder`, it does not name:
    first the photos in which nothing was found, with empty corners, which stand for all of it, then the parts that were
    found, the least certain first. What is in the file stays as it is, to the byte.

    Raises UserError when it is no csv of boxes, or has no column for labels.
    """
    before, columns, delimiter = _file_before(boxes)
    photos = {row.photo for row in rows}
    named = {row.image for row in named_rows(read_boxes(boxes), folder, sorted(photos))} if before else set()
    fresh = [row for row in rows if row.photo not in named]
    found = _least_certain_first([row for row in fresh if row.how == "found"])
    whole = [row for row in fresh if row.how == "whole"]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, delimiter=delimiter, extrasaction="ignore", lineterminator="\n")
    if not before:
        writer.writeheader()
    for row in [*whole, *found]:
        writer.writerow({name: getattr(row, name) for name in COLUMNS[1:]} | {"image": row.photo})
    if fresh or not before:
        write_text(boxes, before + ("" if not before or before.endswith("\n") else "\n") + text.getvalue())
    return Correction(len(found), len(whole))


def _least_certain_first(rows: list[SquareRow]) -> list[SquareRow]:
    """Photo after photo, that with the faintest part first; the parts of a photo stay together, best first."""
    least: dict[str, float] = {}
    for row in rows:
        least[row.photo] = min(float(row.score or 0), least.get(row.photo, 1.0))
    return sorted(rows, key=lambda row: (least[row.photo], row.photo))


def _file_before(boxes: Path) -> tuple[str, tuple[str, ...], str]:
    """Text, columns and delimiter of the box file; those of a new one where there is none. Raises UserError."""
    if not boxes.exists():
        return "", COLUMNS, ","
    if boxes.suffix.lower() != ".csv":
        raise UserError(f"{boxes} is no csv: boxes cannot be added to it.", "Give a csv as photos.boxes.")
    read_boxes(boxes)  # its errors say what is wrong with the file
    text = boxes.read_text(encoding="utf-8-sig")
    header = text.splitlines()[0]
    delimiter = ";" if header.count(";") > header.count(",") else ","
    columns = tuple(name.strip() for name in next(csv.reader([header], delimiter=delimiter)))
    if "label" not in columns:
        raise UserError(f"{boxes} has no column label, which parts that were found need.", "Add it to the first row.")
    return text, columns, delimiter
