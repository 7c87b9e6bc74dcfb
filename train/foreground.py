"""Finds the part in a square photo on a plain background, so that it can be shown large and measured.

A photo whose border is one even colour (white paper, a light table, black cloth) gives the part's outline without any
learning. On a patterned table there is no safe outline: then nothing is found and the whole photo is used.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

WORKING_SIZE = 128
RING = 4  # width in pixels of the border that shows the background
EVEN = 20.0  # largest difference from the background's colour (0-255) that 90 % of an even border stays within
DISTINCT = 24.0  # least difference of the part from the background
SMALLEST_SHARE = 0.002  # of the photo's area; less is dust
MARGIN = 1.12  # the crop's side relative to the part's longer side, about what renders leave

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Foreground:
    """Where the part is in a square photo: `crop` (x, y, side) and `extents`, its largest and smallest width in any
    direction, all as shares of the photo's side.
    """

    crop: tuple[float, float, float]
    extents: tuple[float, float]


def find_part(square: Image.Image) -> Foreground | None:
    """The part's place in a square photo, or None when the background is not plain or no part stands out."""
    small = np.asarray(square.convert("RGB").resize((WORKING_SIZE, WORKING_SIZE), Image.Resampling.BOX), np.float32)
    ring = np.ones(small.shape[:2], dtype=bool)
    ring[RING:-RING, RING:-RING] = False
    background = np.median(small[ring], axis=0)
    difference = np.abs(small - background).max(axis=2)
    if np.percentile(difference[ring], 90) >= EVEN:
        return None
    mask = ndimage.binary_opening(difference > max(DISTINCT, 2 * np.percentile(difference[ring], 95)))
    if mask.mean() < SMALLEST_SHARE:
        return None
    rows, columns = np.nonzero(mask)
    left, right, top, bottom = columns.min(), columns.max() + 1, rows.min(), rows.max() + 1
    side = max(right - left, bottom - top) * MARGIN
    crop = ((left + right - side) / 2, (top + bottom - side) / 2, side)
    largest, smallest = widths(mask)
    return Foreground(
        (crop[0] / WORKING_SIZE, crop[1] / WORKING_SIZE, crop[2] / WORKING_SIZE),
        (largest / WORKING_SIZE, smallest / WORKING_SIZE),
    )


def widths(mask: Mask) -> tuple[float, float]:
    """Largest and smallest width in pixels of a non-empty outline over all directions (Feret diameters)."""
    rows, columns = np.nonzero(mask)
    angles = np.deg2rad(np.arange(0, 180, 6))
    along = np.stack([columns, rows], axis=1) @ np.stack([np.cos(angles), np.sin(angles)])
    spans = along.max(axis=0) - along.min(axis=0) + 1
    return float(spans.max()), float(spans.min())


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
