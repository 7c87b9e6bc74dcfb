"""Draws docs/images/letterbox.png: the crop rule in every case, as photos/crop.py does it."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from photos.crop import Box, Crop, square_crop, whole_photo
from photos.square import _cut

OUT = Path(__file__).parents[1] / "docs" / "images" / "letterbox.png"
WIDE, HIGH = (320, 200), (200, 320)
CASES: list[tuple[str, tuple[int, int], Box | None]] = [
    ("wide box", WIDE, Box(110, 80, 210, 120)),
    ("high box", WIDE, Box(140, 50, 180, 150)),
    ("at the top", WIDE, Box(110, 0, 210, 40)),
    ("at the bottom", WIDE, Box(110, 160, 210, 200)),
    ("at the left", WIDE, Box(0, 50, 40, 150)),
    ("at the right", WIDE, Box(280, 50, 320, 150)),
    ("in a corner", WIDE, Box(270, 0, 320, 20)),
    ("longer than the photo is high", WIDE, Box(30, 120, 290, 170)),
    ("longer than the photo is wide", HIGH, Box(120, 30, 170, 290)),
    ("no box, wide photo", WIDE, None),
    ("no box, high photo", HIGH, None),
]
CELL, GAP, TEXT = 150, 10, 18


def photo(size: tuple[int, int]) -> Image.Image:
    """A chequered surface, so that one sees how much of it a square shows."""
    image = Image.new("RGB", size, (214, 206, 190))
    draw = ImageDraw.Draw(image)
    for y in range(0, size[1], 20):
        for x in range(0, size[0], 20):
            if (x + y) // 20 % 2:
                draw.rectangle((x, y, x + 19, y + 19), fill=(190, 180, 160))
    return image


def crop_of(size: tuple[int, int], box: Box | None, border: str) -> Crop:
    if box is None:
        return whole_photo(*size)
    return square_crop(box, *size, border="shift" if border == "shift" else "pad")


def cell(size: tuple[int, int], box: Box | None, border: str | None) -> Image.Image:
    """The photo with the box and both squares, or the square of `border`."""
    image = photo(size)
    if box is not None:
        ImageDraw.Draw(image).rectangle((box.x_min, box.y_min, box.x_max - 1, box.y_max - 1), fill=(70, 110, 160))
    if border is not None:
        return _cut(image, crop_of(size, box, border), size, (1.0, 1.0), CELL)
    canvas = Image.new("RGB", (400, 400), "white")
    left, top = (400 - size[0]) // 2, (400 - size[1]) // 2
    canvas.paste(image, (left, top))
    draw = ImageDraw.Draw(canvas)
    for way, colour in (("pad", (200, 120, 30)), ("shift", (30, 140, 70))):
        crop = crop_of(size, box, way)
        corner = (left + crop.x, top + crop.y)
        draw.rectangle((*corner, corner[0] + crop.side - 1, corner[1] + crop.side - 1), outline=colour, width=4)
    return canvas.resize((CELL, CELL), Image.Resampling.LANCZOS)


def main() -> None:
    columns = 4
    rows = -(-len(CASES) // columns)
    width, height = 3 * CELL + 4 * GAP, CELL + TEXT + 2 * GAP
    sheet = Image.new("RGB", (columns * width, rows * height + TEXT + GAP), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    heads = "blue: the box; green: the square of border: shift (middle picture); orange: of border: pad (right picture)"
    draw.text((GAP, GAP // 2), heads, fill="black", font=font)
    for number, (name, size, box) in enumerate(CASES):
        x, y = number % columns * width + GAP, number // columns * height + TEXT + GAP
        draw.text((x, y), name, fill="black", font=font)
        for place, border in enumerate((None, "shift", "pad")):
            sheet.paste(cell(size, box, border), (x + place * (CELL + GAP), y + TEXT))
    sheet.save(OUT, optimize=True)


if __name__ == "__main__":
    main()
