"""Makes the README's picture from renders and simulated photos of the sample parts.

cad2real render --parts data/parts/parts.csv --out /tmp/pictures --views 3 --size 320
python tools/make_picture.py /tmp/pictures docs/picture.jpg
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

PARTS = ["hex_bolt_m8x40", "socket_screw_m6x25", "hex_nut_m10", "ball_bearing_6000", "spur_gear_z20", "stepped_hub"]
TILE, GAP, TEXT = 240, 14, 44
INK, PAPER, SHADE = (31, 41, 55), (255, 255, 255), (240, 243, 247)
ROWS = ("rendered from CAD, labelled for free", "photos (here simulated), never labelled: which part is this?")


def render_tile(folder: Path) -> Image.Image:
    """The part's first view on a light ground."""
    view = Image.open(folder / "view_000.png").convert("RGBA").resize((TILE, TILE), Image.Resampling.LANCZOS)
    ground = Image.new("RGBA", view.size, (*SHADE, 255))
    return Image.alpha_composite(ground, view).convert("RGB")


def photo_tile(photo: Path, box: tuple[float, float, float, float]) -> Image.Image:
    """The surroundings of the box, half as large again."""
    with Image.open(photo) as opened:
        upright = ImageOps.exif_transpose(opened).convert("RGB")
    x_min, y_min, x_max, y_max = box
    half = 0.75 * max(x_max - x_min, y_max - y_min)
    x, y = (x_min + x_max) / 2, (y_min + y_max) / 2
    half = min(half, upright.width / 2, upright.height / 2)
    x = min(max(x, half), upright.width - half)
    y = min(max(y, half), upright.height - half)
    square = upright.crop((round(x - half), round(y - half), round(x + half), round(y + half)))
    return square.resize((TILE, TILE), Image.Resampling.LANCZOS)


def read_boxes(path: Path) -> dict[str, tuple[float, float, float, float]]:
    with path.open(encoding="utf-8", newline="") as file:
        return {
            row["image"]: (float(row["x_min"]), float(row["y_min"]), float(row["x_max"]), float(row["y_max"]))
            for row in csv.DictReader(file)
        }


def main() -> None:
    renders, out = Path(sys.argv[1]), Path(sys.argv[2])
    photos = Path("data/photos")
    boxes = read_boxes(photos / "boxes.csv")
    width = len(PARTS) * (TILE + GAP) + GAP
    picture = Image.new("RGB", (width, 2 * (TILE + TEXT) + GAP), PAPER)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=24)
    for row, words in enumerate(ROWS):
        top = row * (TILE + TEXT)
        draw.text((GAP, top + 8), words, fill=INK, font=font)
        for column, part in enumerate(PARTS):
            if row == 0:
                tile = render_tile(renders / part)
            else:
                photo = sorted((photos / part).glob("*.jpg"))[column % 3]
                tile = photo_tile(photo, boxes[photo.relative_to(photos).as_posix()])
            picture.paste(tile, (GAP + column * (TILE + GAP), top + TEXT))
    picture.save(out, quality=88, optimize=True)


if __name__ == "__main__":
    main()
