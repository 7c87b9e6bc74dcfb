"""Draws docs/images/house.svg, the picture in docs/house.md, from the layers that import-linter holds the code to.

    python tools/house_diagram.py            # draws it
    python tools/house_diagram.py --check    # changes nothing; exits 1 where the picture is not that of the layers

The layers stand in pyproject.toml; which room imports which is read from the code. So the picture is the code's.
"""

from __future__ import annotations

import argparse
import ast
import sys
import tomllib
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PICTURE = Path("docs/images/house.svg")

WIDTH, MARGIN, GAP, ROW, TITLE = 1080, 16, 18, 30, 34
COLUMNS = (("render", "photos"), ("train", "search"), ("flows",))
JOBS = {
    "render": "CAD + part list to views",
    "train": "images to a model",
    "flows": "what runs when",
    "search": "photo to parts",
    "photos": "photos to squares",
}
BLENDER = "render.blender"
COLUMN = (WIDTH - 2 * MARGIN - (len(COLUMNS) - 1) * GAP) / len(COLUMNS)


Layers = list[list[str]]
"""From high to low, each row side by side."""


def read(pyproject: Path) -> dict[str, Layers]:
    """The boxes of each room whose order an import-linter contract sets. Raises KeyError where there is no contract."""
    contracts = tomllib.loads(pyproject.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    inside: dict[str, Layers] = {}
    for contract in contracts:
        if contract["type"] != "layers":
            continue
        containers = contract.get("containers", [])
        layers = [[name.strip("() ") for name in layer.replace(":", "|").split("|")] for layer in contract["layers"]]
        if containers:
            inside.update({room: [[f"{room}.{name}" for name in layer] for layer in layers] for room in containers})
        elif "." in layers[0][0]:
            inside[layers[0][0].split(".")[0]] = layers
    return inside


def arrows_between() -> dict[str, list[str]]:
    """Which room imports which other rooms, by the import statements in its files."""
    found: dict[str, set[str]] = {}
    for room in JOBS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                others = {name.split(".")[0] for name in names} & set(JOBS) - {room}
                if others:
                    found.setdefault(room, set()).update(others)
    return {room: sorted(others) for room, others in sorted(found.items())}


def packages(room: str) -> Layers:
    """The sub-packages of a room without a contract of its own, a box each; its files where it has none."""
    folder = ROOT / room
    found = sorted(path.parent.name for path in folder.glob("*/__init__.py"))
    found = found or sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
    return [found[i : i + 3] for i in range(0, len(found), 3)]


def svg(inside: dict[str, Layers]) -> str:
    """The picture: three columns of rooms, the front desk below all of them."""
    parts: list[str] = []
    tallest = 0.0
    for column, rooms in enumerate(COLUMNS):
        x, y = MARGIN + column * (COLUMN + GAP), 84.0
        for room in rooms:
            y = _room(parts, room, inside, x, y) + GAP
        tallest = max(tallest, y)
    parts.append(_box(MARGIN, tallest, WIDTH - 2 * MARGIN, 40, "#e8ebef", "#8a94a3"))
    desk = "cad2real: errors, files, layout, progress, for every room. Its cli.py and params.py join those of the rooms"
    parts.append(_text(WIDTH / 2, tallest + 25, desk, size=13))
    height = tallest + 40 + MARGIN
    arrows = "; ".join(f"{room} imports {' and '.join(others)}" for room, others in arrows_between().items())
    head = [
        _text(MARGIN, 32, "Which code may import which", size=19, anchor="start", weight=600),
        _text(MARGIN, 58, f"{arrows}. Inside a room a box imports only boxes below it.", 14, "start"),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" role="img" '
        'font-family="system-ui, sans-serif">\n'
        f'<rect width="{WIDTH}" height="{height:g}" rx="10" fill="#ffffff"/>\n'
        + "\n".join([*head, *parts])
        + "\n</svg>\n"
    )


def _room(parts: list[str], room: str, inside: dict[str, Layers], x: float, y: float) -> float:
    """Draws a room at (x, y); returns where it ends."""
    ordered = room in inside
    layers = inside.get(room) or packages(room)
    height = TITLE + len(layers) * ROW + 8
    parts.append(_box(x, y, COLUMN, height, "#f6f8fa" if ordered else "#fdfdfd", "#57606f"))
    parts.append(_text(x + 12, y + 22, room, size=16, anchor="start", weight=600))
    job = JOBS[room] if ordered else f"{JOBS[room]}; in no order"
    parts.append(_text(x + COLUMN - 12, y + 22, job, size=12, anchor="end", fill="#57606f"))
    for row, layer in enumerate(layers):
        width = (COLUMN - 20 - 6 * (len(layer) - 1)) / len(layer)
        for place, name in enumerate(layer):
            left, top = x + 10 + place * (width + 6), y + TITLE + row * ROW
            fill = "#fde9cf" if name == BLENDER else "#dbe7f5" if ordered else "#ffffff"
            parts.append(_box(left, top, width, ROW - 6, fill, "#8aa4c4", radius=4))
            label = name.rpartition(".")[2] + (" (the only bpy)" if name == BLENDER else "")
            parts.append(_text(left + width / 2, top + 16, label, size=12.5 if len(label) * 7 < width else 10.5))
    return y + height


def _box(x: float, y: float, width: float, height: float, fill: str, line: str, radius: float = 8) -> str:
    place = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}"'
    return f'<rect {place} fill="{fill}" stroke="{line}"/>'


def _text(
    x: float, y: float, text: str, size: float, anchor: str = "middle", weight: int = 400, fill: str = "#1f2630"
) -> str:
    style = f'font-size="{size:g}" text-anchor="{anchor}" font-weight="{weight}" fill="{fill}"'
    return f'<text x="{x:g}" y="{y:g}" {style}>{escape(text)}</text>'


def main() -> int:
    parser = argparse.ArgumentParser(description="Draws the picture of the house from the layers in pyproject.toml.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 where the picture differs")
    arguments = parser.parse_args()
    drawn = svg(read(ROOT / "pyproject.toml"))
    path = ROOT / PICTURE
    if path.exists() and path.read_text(encoding="utf-8") == drawn:
        return 0
    if arguments.check:
        print(f"{PICTURE} is not that of the layers; run: python tools/house_diagram.py", file=sys.stderr)
        return 1
    path.write_text(drawn, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
