"""The manifest of a folder of squares, photos.csv: one row a square."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from cad2real.errors import UserError
from cad2real.files import write_text
from photos.crop import Box, Crop

if TYPE_CHECKING:
    from photos.find import Wanted

MANIFEST = "photos.csv"
SKIPPED = "skipped.json"
RECIPE = 2  # raise it when the same photo and box would give other pixels


@dataclass(frozen=True)
class SquareRow:
    """A row of photos.csv, as text. `photo` is relative to the photo folder; box and crop are in upright photo pixels;
    the box columns are empty for a whole photo, `label` is empty when unknown. `how`: boxes, found or whole (see
    `photos.find.How`); `score` in [0, 1] of a box that was found, else empty. `duplicate_of` is the photo that this one
    repeats, empty for all others: only the first of them is scored.
    """

    square: str
    photo: str
    label: str
    x_min: str
    y_min: str
    x_max: str
    y_max: str
    crop_x: int
    crop_y: int
    crop_side: int
    border: str
    how: str
    score: str
    content_key: str
    duplicate_of: str = ""


def square_row(square: str, photo: str, wanted: Wanted, crop: Crop, key: str) -> SquareRow:
    box = wanted.box
    x_min, y_min, x_max, y_max = (
        [f"{corner:.10g}" for corner in (box.x_min, box.y_min, box.x_max, box.y_max)] if box else [""] * 4
    )
    cut = (crop.x, crop.y, crop.side, crop.border)
    return SquareRow(square, photo, wanted.label, x_min, y_min, x_max, y_max, *cut, wanted.how, score_text(wanted), key)


def score_text(wanted: Wanted) -> str:
    return "" if wanted.score is None else f"{wanted.score:.4f}"


def content_key(photo_sha256: str, box: Box | None, border: str, size: int) -> str:
    """A key that is equal exactly when the square's pixels are: 16 hex digits."""
    # The box stands in it as Python writes it: renaming Box or a field of it would change every key.
    content = f"{RECIPE}|{photo_sha256}|{box}|{border if box else ''}|{size}"
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def write_manifest(folder: Path, rows: list[SquareRow]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(SquareRow)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    write_text(folder / MANIFEST, text.getvalue())


def read_manifest(folder: Path) -> list[SquareRow]:
    """Reads photos.csv of `folder`. Raises UserError when it is missing or not one; names that leave `folder` are
    refused.
    """
    path = folder / MANIFEST
    remedy = "Run `cad2real photos`."
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [_parsed(values) for values in csv.DictReader(file)]
    except FileNotFoundError:
        raise UserError(f"{path} does not exist.", remedy) from None
    except (OSError, UnicodeDecodeError, KeyError, TypeError, ValueError, csv.Error) as error:
        raise UserError(f"{path} is not a manifest of squares ({error}).", remedy) from None
    for row in rows:
        if Path(row.square).name != row.square or row.square in ("", ".", ".."):
            raise UserError(f"{path} names {row.square!r}, which is not a file beside it.", remedy)
    return rows


def _parsed(values: dict[str, str]) -> SquareRow:
    numbers = {name: int(values[name]) for name in ("crop_x", "crop_y", "crop_side")}
    later = {
        "how": "boxes" if values["x_min"] else "whole",
        "score": "",
        "content_key": "",
        "duplicate_of": "",
    }  # columns added since
    later |= {name: value for name in later if (value := values.get(name))}
    words = {f.name: values[f.name] for f in fields(SquareRow) if f.name not in (*numbers, *later)}
    return SquareRow(**words, **numbers, **later)  # type: ignore[arg-type]
