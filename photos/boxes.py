"""Reads a box file: a csv with the columns image, label, x_min, y_min, x_max, y_max (pixels of the upright photo)."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from cad2real.errors import UserError
from photos.crop import Box
from photos.params import PhotosParams

CORNERS = ("x_min", "y_min", "x_max", "y_max")


@dataclass(frozen=True)
class BoxRow:
    """A row of a box file. `box` is None for the whole photo (all four corners empty); `label` is None when the file
    has no label column, empty when the label is unknown; `fault` says why the row cannot be used.
    """

    image: str
    label: str | None
    box: Box | None
    where: str
    fault: str = ""


def read_boxes(path: Path) -> list[BoxRow]:
    """Reads `path` (comma or semicolon separated, UTF-8). Raises UserError for a file that is no box file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"{path}: no such box file.", "Correct the path, or leave it out if there are none.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}.", "Save it as a UTF-8 csv.") from None
    lines = io.StringIO(text, newline=None)  # all kinds of line ends
    header = lines.readline()
    lines.seek(0)
    reader = csv.DictReader(lines, delimiter=";" if header.count(";") > header.count(",") else ",")
    try:
        reader.fieldnames = [name.strip() for name in reader.fieldnames or []]
    except csv.Error as error:
        raise UserError(f"{path} row 1: {error}.", "Save it as a plain csv.") from None
    missing = [name for name in ("image", *CORNERS) if name not in reader.fieldnames]
    if missing:
        raise UserError(
            f"{path} lacks the column(s) {', '.join(missing)}.", f"It needs image, label, {', '.join(CORNERS)}."
        )
    try:
        return [_row(values, f"{path} row {reader.line_num}") for values in reader]
    except csv.Error as error:
        raise UserError(f"{path} row {reader.line_num}: {error}.", "Save it as a plain csv.") from None


def box_file(root: Path, params: PhotosParams) -> Path | None:
    """The box file of the project in `root`; at the default path it may be missing."""
    path = root / params.boxes if params.boxes else None
    return None if path and not path.exists() and params.boxes == PhotosParams().boxes else path


def _row(values: dict[str, str | None], where: str) -> BoxRow:
    image = (values["image"] or "").strip()
    label = (values["label"] or "").strip() if "label" in values else None
    corners = [(values[name] or "").strip() for name in CORNERS]
    if not image:
        return BoxRow(image, label, None, where, "names no photo. Fill in the column image.")
    if not any(corners):
        return BoxRow(image, label, None, where)
    try:
        return BoxRow(image, label, Box(*(float(corner) for corner in corners)), where)
    except ValueError:
        given = " ".join(corner or "(empty)" for corner in corners)
        return BoxRow(image, label, None, where, f"box {given} is not four numbers. Write four pixel values.")
