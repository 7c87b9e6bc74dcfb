"""Finds the part in a square photo on a plain background, so that it can be shown large and measured.

A photo whose border is one even colour (white paper, a light table, black cloth) gives the part's outline without any
learning. On a patterned table there is no safe outline: then nothing is found and the whole photo is used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

WORKING_SIZE = 128
RING = 4  # width in pixels of the border that shows the background
EVEN = 20.0  # largest difference from the background's colour (0-255) that 90 % of an even border stays within
DISTINCT = 24.0  # least difference of the part from the background
SMALLEST_SHARE = 0.002  # of the photo's area; less is dust
MARGIN = 1.12  # the crop's side relative to the part's longer side, about what renders leave
FINE_SIZE = 256  # pixels of the crop in which the part is measured
HALF_WAY = 0.5

Mask = npt.NDArray[np.bool_]
Points = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Foreground:
    """Where the part is in a square photo: `crop` (x, y, side) as shares of the photo's side. `background` is its
    colour and `distinct` how far the part's is from it at least, 0 to 255.
    """

    crop: tuple[float, float, float]
    background: tuple[int, int, int]
    distinct: float


def find_part(square: Image.Image) -> Foreground | None:
    """The part's place in a square photo, or None when the background is not plain or no part stands out."""
    small = np.asarray(square.convert("RGB").resize((WORKING_SIZE, WORKING_SIZE), Image.Resampling.BOX), np.float32)
    ring = np.ones(small.shape[:2], dtype=bool)
    ring[RING:-RING, RING:-RING] = False
    background = np.median(small[ring], axis=0)
    difference = _apart(small, background)
    if np.percentile(difference[ring], 90) >= EVEN:
        return None
    distinct = max(DISTINCT, 2 * float(np.percentile(difference[ring], 95)))
    mask = opened(difference > distinct)
    if mask.mean() < SMALLEST_SHARE:
        return None
    rows, columns = np.nonzero(mask)
    left, right, top, bottom = columns.min(), columns.max() + 1, rows.min(), rows.max() + 1
    side = max(right - left, bottom - top) * MARGIN
    crop = ((left + right - side) / 2, (top + bottom - side) / 2, side)
    red, green, blue = (round(float(value)) for value in background)
    return Foreground(
        (crop[0] / WORKING_SIZE, crop[1] / WORKING_SIZE, crop[2] / WORKING_SIZE), (red, green, blue), distinct
    )


def opened(mask: Mask) -> Mask:
    """`mask` (h, w) without what is thinner than a cross of 3 x 3: `scipy.ndimage.binary_opening`, whose import takes
    longer than an answer.

    >>> cross = np.array([[1, 0, 0, 0, 0], [0, 0, 1, 0, 1], [0, 1, 1, 1, 0], [0, 0, 1, 0, 0]], bool)
    >>> opened(cross).astype(int).tolist()
    [[0, 0, 0, 0, 0], [0, 0, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 0, 0]]
    """
    wide = np.pad(mask, 1)
    left, right, above, below, middle = wide[1:-1, :-2], wide[1:-1, 2:], wide[:-2, 1:-1], wide[2:, 1:-1], mask
    wide = np.pad(middle & left & right & above & below, 1)
    left, right, above, below = wide[1:-1, :-2], wide[1:-1, 2:], wide[:-2, 1:-1], wide[2:, 1:-1]
    return wide[1:-1, 1:-1] | left | right | above | below


def _apart(pixels: npt.NDArray[np.float32], colour: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """By how much pixels (h, w, 3) differ from a colour (3,), in the channel (h, w) in which they do most. A channel at
    a time: numpy's own maximum over so short an axis takes five times as long.
    """
    red, green, blue = (np.abs(pixels[..., channel] - colour[channel]) for channel in range(3))
    most: npt.NDArray[np.float32] = np.maximum(np.maximum(red, green), blue)
    return most


def measure_part(square: Image.Image, found: Foreground) -> tuple[float, float]:
    """Largest and smallest width of the part in any direction, as shares of the square photo's side.

    Measured in the crop, so that a small part is measured as finely as a large one. The outline is where the colour is
    half-way from the background to the part: a blurred edge does not make the part larger.
    """
    left, top, side = (value * square.width for value in found.crop)
    fine = square.convert("RGB").transform(
        (FINE_SIZE, FINE_SIZE),
        Image.Transform.EXTENT,
        (left, top, left + side, top + side),
        Image.Resampling.BILINEAR,
        fillcolor=found.background,
    )
    difference = _apart(np.asarray(fine, np.float32), np.array(found.background, np.float32))
    part = difference > found.distinct
    if part.any():
        part = difference > max(found.distinct, float(np.median(difference[part])) * HALF_WAY)
    part = opened(part)
    if not part.any():
        return math.nan, math.nan
    largest, smallest = widths(part)
    return largest / FINE_SIZE * found.crop[2], smallest / FINE_SIZE * found.crop[2]


def extent(square: Image.Image, side: float) -> tuple[float, float]:
    """Log of the part's largest and smallest width in pixels of the upright photo, of which the square's side is `side`
    pixels; NaN where no part is found.
    """
    found = find_part(square)
    largest, smallest = measure_part(square, found) if found else (math.nan, math.nan)
    return math.log(largest * side), math.log(smallest * side)


def widths(mask: Mask) -> tuple[float, float]:
    """Largest and smallest width in pixels of a non-empty outline over all directions."""
    rows = np.flatnonzero(mask.any(axis=1))
    first = mask[rows].argmax(axis=1)
    last = mask.shape[1] - 1 - mask[rows, ::-1].argmax(axis=1)
    ends = np.concatenate([first, last]), np.concatenate([rows, rows])
    largest, smallest = feret(np.stack(ends, axis=1).astype(np.float64))
    return largest + 1, smallest + 1  # from the outer edge of a pixel to that of another


def feret(points: Points) -> tuple[float, float]:
    """Largest and smallest Feret diameter of points (n, 2): of all pairs of parallel lines that hold them in between.
    The narrowest pair lies on an edge of the convex hull.
    """
    corners = convex_hull(points)
    if len(corners) < 3:  # in one line
        return float(np.linalg.norm(np.ptp(points, axis=0))), 0.0
    largest = float(np.linalg.norm(corners[:, None] - corners[None], axis=2).max())
    edges = np.roll(corners, -1, axis=0) - corners
    normals = np.stack([-edges[:, 1], edges[:, 0]]) / np.linalg.norm(edges, axis=1)
    along = corners @ normals
    return largest, float(np.ptp(along, axis=0).min())


def convex_hull(points: Points) -> Points:
    """The corners (k, 2) of the convex hull of points (n, 2), counter-clockwise, without those within an edge; of
    points in one line its two ends. Andrew's monotone chain (1979): `scipy.spatial` takes longer to import than an
    answer.

    >>> convex_hull(np.array([[0, 0], [2, 0], [1, 0], [1, 1], [0, 2], [2, 2]])).tolist()
    [[0, 0], [2, 0], [2, 2], [0, 2]]
    """
    order = np.lexsort((points[:, 1], points[:, 0]))
    ordered = points[order].tolist()

    def half(some: list[list[float]]) -> list[list[float]]:
        chain: list[list[float]] = []
        for x, y in some:
            while len(chain) > 1 and _turns_right(chain[-2], chain[-1], x, y):
                chain.pop()
            if not chain or chain[-1] != [x, y]:
                chain.append([x, y])
        return chain

    lower, upper = half(ordered), half(ordered[::-1])
    return np.array(lower[:-1] + upper[:-1] or ordered[:1], dtype=points.dtype).reshape(-1, 2)


def _turns_right(first: list[float], second: list[float], x: float, y: float) -> bool:
    """Whether the way from `first` over `second` to (x, y) does not turn left."""
    (x0, y0), (x1, y1) = first, second
    return (x1 - x0) * (y - y0) <= (y1 - y0) * (x - x0)


def zoom_to_part(square: Image.Image) -> Image.Image:
    """The photo cropped to its part where that is found, else as it is."""
    return zoom(square, find_part(square))


def zoom(square: Image.Image, found: Foreground | None) -> Image.Image:
    """The photo cropped to the part; the border's colour fills what lies outside the photo."""
    if found is None:
        return square
    size = square.width
    left, top, side = (round(value * size) for value in found.crop)
    if left >= 0 and top >= 0 and left + side <= size and top + side <= size:
        return square.crop((left, top, left + side, top + side))
    picture = square.convert("RGB")
    edge = np.asarray(picture.resize((WORKING_SIZE, WORKING_SIZE), Image.Resampling.BOX))
    border = np.concatenate([edge[0], edge[-1], edge[:, 0], edge[:, -1]])
    red, green, blue = (int(value) for value in np.median(border, axis=0))
    canvas = Image.new("RGB", (side, side), (red, green, blue))
    canvas.paste(picture, (-left, -top))
    return canvas
