"""Draws the simulated photos with their boxes as one contact sheet, to be looked at."""

from __future__ import annotations

import argparse
import csv
from fnmatch import fnmatch
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps

PHOTOS_FOLDER = Path(__file__).resolve().parents[1] / "data" / "photos"


def contact_sheet(rows: list[dict[str, str]], folder: Path, columns: int, cell: int, captions: bool) -> Image.Image:
    """One 4:3 cell a row of boxes.csv, `cell` pixels wide, the box in red."""
    height = cell * 3 // 4
    sheet = Image.new("RGB", (columns * cell, -(-len(rows) // columns) * height), "white")
    for position, row in enumerate(rows):
        with Image.open(folder / row["image"]) as file:
            photo = ImageOps.exif_transpose(file).convert("RGB")
        draw = ImageDraw.Draw(photo)
        draw.rectangle([int(row[key]) for key in ("x_min", "y_min", "x_max", "y_max")], outline=(255, 40, 30), width=4)
        photo.thumbnail((cell - 4, height - 3), Image.Resampling.LANCZOS)
        corner = (position % columns * cell, position // columns * height)
        sheet.paste(photo, corner)
        if captions:
            ImageDraw.Draw(sheet).text(
                (corner[0] + 4, corner[1] + 4), row["image"], fill=(255, 255, 0), stroke_width=2, stroke_fill="black"
            )
    return sheet


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes a contact sheet of simulated photos with their boxes.")
    parser.add_argument("out", type=Path, help="picture to write")
    parser.add_argument("--photos", type=Path, default=PHOTOS_FOLDER)
    parser.add_argument("--images", nargs="*", default=["*"], help="only these, for example '*/003.jpg' (patterns)")
    parser.add_argument("--columns", type=int, default=4)
    parser.add_argument("--cell", type=int, default=400, help="pixels")
    parser.add_argument("--captions", action="store_true", help="write each photo's name into its corner")
    arguments = parser.parse_args()
    with (arguments.photos / "boxes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rows = [row for row in rows if any(fnmatch(row["image"], pattern) for pattern in arguments.images)]
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    contact_sheet(rows, arguments.photos, arguments.columns, arguments.cell, arguments.captions).save(
        arguments.out, quality=80
    )


if __name__ == "__main__":
    main()
