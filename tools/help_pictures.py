"""Makes the examples of the page's help from the sample's photos: `python tools/help_pictures.py`."""

from __future__ import annotations

import csv
from pathlib import Path

from PIL import Image, ImageEnhance, ImageFilter

ROOT = Path(__file__).resolve().parents[1]
PHOTOS, OUT = ROOT / "data/photos", ROOT / "search/web/static/help"
SIDE = 320


def main() -> None:
    with (PHOTOS / "boxes.csv").open(encoding="utf-8", newline="") as file:
        boxes = {
            row["image"]: tuple(float(row[side]) for side in ("x_min", "y_min", "x_max", "y_max"))
            for row in csv.DictReader(file)
        }
    OUT.mkdir(exist_ok=True)
    good, other = "spur_gear_z20/002.jpg", "hex_bolt_m8x40/001.jpg"
    pictures = {
        "good_gear": around(good, boxes[good], 1.3),
        "good_bolt": around(other, boxes[other], 1.3),
        "bad_far": around(good, boxes[good], 6),
        "bad_cut": around(good, boxes[good], 0.8, (0.55, 0.35)),
        "bad_blurred": around(good, boxes[good], 1.3).filter(ImageFilter.GaussianBlur(9)),
        "bad_dark": ImageEnhance.Brightness(around(other, boxes[other], 1.3)).enhance(0.22),
    }
    for name, picture in pictures.items():
        picture.save(OUT / f"{name}.webp", quality=80)


def around(photo: str, box: tuple[float, ...], wide: float, shift: tuple[float, float] = (0, 0)) -> Image.Image:
    """A square cut, `wide` times as large as the part, moved by `shift` of the part's size, kept inside the photo."""
    with Image.open(PHOTOS / photo) as opened:
        picture = opened.convert("RGB")
    x_min, y_min, x_max, y_max = box
    part = max(x_max - x_min, y_max - y_min)
    side = min(wide * part, *picture.size)
    left = (x_min + x_max - side) / 2 + shift[0] * part
    top = (y_min + y_max - side) / 2 + shift[1] * part
    left, top = (min(max(0, place), most - side) for place, most in zip((left, top), picture.size, strict=True))
    cut = (round(left), round(top), round(left + side), round(top + side))
    return picture.crop(cut).resize((SIDE, SIDE), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
