"""The crop rule: from a box in a photo to the square that is cut out. Pure arithmetic, no pictures."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cad2real.errors import UserError
from photos.params import Border

LEAST_BOX_PX = 4  # longer side; less shows nothing
LEAST_SHARE_INSIDE = 0.25  # a box with less of its area in the photo was measured on another picture


@dataclass(frozen=True)
class Box:
    """A box in pixels of the upright photo, upper ends exclusive."""

    x_min: float
    y_min: float
    x_max: float
    y_max: float


@dataclass(frozen=True)
class Crop:
    """A square in pixels of the upright photo; what lies outside the photo is black.

    `border` says what happened at the photo's border: `none`, `shifted` (moved into the photo) or `padded` (black).
    """

    x: int
    y: int
    side: int
    border: str


def whole_photo(width: int, height: int) -> Crop:
    """The smallest square around a whole photo of `width` x `height` pixels, centred on it.

    >>> whole_photo(width=4000, height=3000)
    Crop(x=0, y=-500, side=4000, border='padded')
    """
    side = max(width, height)
    return Crop((width - side) // 2, (height - side) // 2, side, "none" if width == height else "padded")


def square_crop(box: Box, width: int, height: int, border: Border) -> Crop:
    """The square for `box`: its smaller side grows on both sides, into the photo, until it is as long as the other.

    With `shift` a square that would leave the photo is moved as little as possible so that as much of it as possible
    lies inside; black remains only where the photo is smaller than the square. With `pad` it stays centred on the box.
    The box must be usable: see `usable_box`.

    >>> square_crop(Box(60, 60, 100, 90), width=100, height=100, border="shift")
    Crop(x=60, y=55, side=40, border='none')
    >>> at_the_edge = Box(60, 80, 100, 100)
    >>> square_crop(at_the_edge, width=100, height=100, border="shift")
    Crop(x=60, y=60, side=40, border='shifted')
    >>> square_crop(at_the_edge, width=100, height=100, border="pad")
    Crop(x=60, y=70, side=40, border='padded')
    """
    left, top, right, bottom = math.floor(box.x_min), math.floor(box.y_min), math.ceil(box.x_max), math.ceil(box.y_max)
    side = max(right - left, bottom - top)
    centred_x, centred_y = (left + right - side) // 2, (top + bottom - side) // 2
    x, y = centred_x, centred_y
    if border == "shift":
        x, y = _moved_inside(x, side, width), _moved_inside(y, side, height)
    if x < 0 or y < 0 or x + side > width or y + side > height:
        return Crop(x, y, side, "padded")
    return Crop(x, y, side, "none" if (x, y) == (centred_x, centred_y) else "shifted")


def usable_box(box: Box, width: int, height: int) -> Box:
    """`box` clipped to a photo of `width` x `height` pixels. Raises UserError when it cannot mean a part in it.

    >>> usable_box(Box(-5, 10, 20, 30), width=100, height=100)
    Box(x_min=0, y_min=10, x_max=20, y_max=30)
    """
    corners = (box.x_min, box.y_min, box.x_max, box.y_max)
    described = f"box {' '.join(f'{corner:g}' for corner in corners)}"
    if not all(math.isfinite(corner) for corner in corners):
        raise UserError(f"{described} has a value that is not a number.", "Write four pixel values.")
    if box.x_max <= box.x_min or box.y_max <= box.y_min:
        raise UserError(f"{described} is empty or inverted.", "x_max and y_max must be larger than x_min and y_min.")
    clipped = Box(max(box.x_min, 0), max(box.y_min, 0), min(box.x_max, width), min(box.y_max, height))
    inside_x, inside_y = clipped.x_max - clipped.x_min, clipped.y_max - clipped.y_min
    measured = f"Measure boxes in pixels of the upright photo ({width}x{height})."
    if inside_x <= 0 or inside_y <= 0:
        raise UserError(f"{described} lies outside the photo.", measured)
    if inside_x * inside_y < LEAST_SHARE_INSIDE * area(box):
        raise UserError(f"{described} lies mostly outside the photo.", measured)
    if max(inside_x, inside_y) < LEAST_BOX_PX:
        raise UserError(f"{described} is less than {LEAST_BOX_PX} pixels large.", "Mark the whole part.")
    return clipped


def area(box: Box) -> float:
    """Square pixels."""
    return (box.x_max - box.x_min) * (box.y_max - box.y_min)


def _moved_inside(start: int, side: int, length: int) -> int:
    """The start nearest to `start` at which [start, start + side) covers [0, length) as far as it can."""
    slack = length - side
    return min(max(start, min(slack, 0)), max(slack, 0))
