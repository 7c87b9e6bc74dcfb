"""What every format of boxes comes down to: rows that say where in which photo which part is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from photos.crop import Box

UNLABELLED = "unlabelled"
"""Formats that want a name for every box have this for a box of an unknown part (`photos.export` writes it)."""


@dataclass(frozen=True)
class BoxRow:
    """A box as its file has it. `box` is None for the whole photo; `label` is None when the file knows none (the
    photo's folder may), empty when the label is unknown; `where` names file and row; `fault` says why the row cannot be
    used.

    `image` is the photo's name as the file has it, relative to the folder `base` or to the photo folder or to one that
    only its author has; `alias` a second name to try. `shares`: the box is given in shares of the photo's width and
    height instead of pixels. `stated` is the photo's width and height in pixels as the file has them. `upright`: the
    format says that boxes are those of the upright photo.
    """

    image: str
    label: str | None
    box: Box | None
    where: str
    fault: str = ""
    base: Path = Path()
    alias: str = ""
    shares: bool = False
    stated: tuple[float, float] | None = None
    upright: bool = False


@dataclass(frozen=True)
class Annotations:
    """The content of one file or folder of boxes: its `format`, `rows`, the `categories` it declares, how many `empty`
    photos it lists without any box, and `notes` for people.
    """

    format: str
    rows: list[BoxRow]
    categories: list[str] = field(default_factory=list)
    empty: int = 0
    notes: list[str] = field(default_factory=list)


def label_of(name: object) -> str:
    """A class's name as a label; unknown for no name.

    >>> label_of(" Hex bolt "), label_of(UNLABELLED), label_of(None)
    ('Hex bolt', '', '')
    """
    label = "" if name is None else " ".join(str(name).split())
    return "" if label == UNLABELLED else label


def numbers(values: Iterable[object]) -> list[float]:
    """Raises ValueError for what is no finite number."""
    found = [float(value) for value in values]  # type: ignore[arg-type]
    if not all(map(math.isfinite, found)):
        raise ValueError("not a finite number")
    return found


def box_of(corners: Sequence[str]) -> tuple[Box | None, str]:
    """The box whose four corners a row has as text, and no fault; or None, and what is wrong with them.

    >>> box_of(("1", "2", "3", "4")), box_of(("1", "2", "3", "x"))
    ((Box(x_min=1.0, y_min=2.0, x_max=3.0, y_max=4.0), ''), (None, 'box 1 2 3 x is not four numbers.'))
    """
    try:
        return Box(*numbers(corners)), ""
    except ValueError:
        return None, f"box {' '.join(corners)} is not four numbers."


def around(points: Sequence[tuple[float, float]]) -> Box:
    """The box around `points`. Raises ValueError where there are none.

    >>> around([(3, 4), (1, 9)])
    Box(x_min=1, y_min=4, x_max=3, y_max=9)
    """
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return Box(min(xs), min(ys), max(xs), max(ys))


def pairs(flat: Sequence[float]) -> list[tuple[float, float]]:
    """x1, y1, x2, y2, ... as points. Raises ValueError for an odd count."""
    return list(zip(flat[::2], flat[1::2], strict=True))


def turned(points: Sequence[tuple[float, float]], degrees: float, about: tuple[float, float]) -> Box:
    """The box around `points` once they are turned clockwise (y points down) about a point.

    >>> turned([(0, 0), (4, 2)], 180, about=(0, 0))
    Box(x_min=-4.0, y_min=-2.0, x_max=0.0, y_max=0.0)
    """
    if not degrees:
        return around(points)
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    x0, y0 = about
    moved = [
        (round(x0 + (x - x0) * cos - (y - y0) * sin, 6), round(y0 + (x - x0) * sin + (y - y0) * cos, 6))
        for x, y in points
    ]
    return around(moved)


def corners(left: float, top: float, width: float, height: float) -> list[tuple[float, float]]:
    """The four corners of a rectangle."""
    return [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]


def size_of(width: object, height: object) -> tuple[float, float] | None:
    """A stated size; None where a file has none (some write 0).

    >>> size_of("640", 480), size_of(0, 0), size_of(None, "")
    ((640.0, 480.0), None, None)
    """
    try:
        size = numbers((width, height))
    except (TypeError, ValueError):
        return None
    return (size[0], size[1]) if min(size) > 0 else None
