"""Contact sheets: many small pictures on one, to look at what was rendered."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from cad2real.files import atomic_file, read_json

BACKGROUND = (236, 236, 233)
INK = (40, 40, 40)
VIEWS = 8
CELL_PX = 128


def tile(pictures: list[list[Image.Image]], names: list[str], cell: int) -> Image.Image:
    """One row of `pictures` (straight alpha or none) a name, each brought to `cell` pixels, on light grey."""
    points = max(10, cell // 10)
    font = ImageFont.load_default(points)
    strip = max(14, cell // 8)
    columns = max((len(row) for row in pictures), default=1)
    sheet = Image.new("RGB", (columns * cell, len(pictures) * (cell + strip)), BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    for at, (row, name) in enumerate(zip(pictures, names, strict=True)):
        top = at * (cell + strip)
        fits = min(1.0, (columns * cell - 6) / max(1.0, draw.textlength(name, font)))
        draw.text((4, top + 1), name, fill=INK, font=ImageFont.load_default(points * fits))
        for column, picture in enumerate(row):
            small = picture.convert("RGBA").resize((cell, cell), Image.Resampling.LANCZOS)
            sheet.paste(small, (column * cell, top + strip), small)
    return sheet


def write_contact_sheet(renders: Path, path: Path) -> None:
    """Writes a sheet of every part in `renders`, up to VIEWS of its views, spread over all, to `path` (PNG)."""
    rows: list[list[Image.Image]] = []
    names = []
    for described in sorted(renders.glob("*/part.json")):
        part = read_json(described, "views", "part_id", "material", "size_mm")
        files = [view["file"] for view in part["views"]]
        count = min(VIEWS, len(files))
        rows.append([Image.open(described.parent / files[i * len(files) // count]) for i in range(count)])
        names.append(f"{part['part_id']}   {part['material']}   {' x '.join(f'{s:.1f}' for s in part['size_mm'])} mm")
    with atomic_file(path) as temporary:
        tile(rows, names, CELL_PX).save(temporary, format="PNG")
