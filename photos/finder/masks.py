"""Masks as run lengths in COCO's form, and the masks of found parts in the photo's own pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Mask = npt.NDArray[np.bool_]
SOLID = 0.5


def run_lengths(mask: Mask) -> dict[str, Any]:
    """COCO's uncompressed RLE of a mask (h, w): `size` [h, w] and `counts`, the lengths of runs of 0, 1, 0, ... going
    down the columns, beginning with 0.
    """
    flat = mask.T.reshape(-1)
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    counts = np.diff(np.concatenate([[0], edges, [flat.size]]))
    lengths = [int(count) for count in counts] if flat.size else []
    return {"size": [int(side) for side in mask.shape], "counts": [0, *lengths] if flat.size and flat[0] else lengths}


def mask_of(run_length: dict[str, Any]) -> Mask:
    """The mask (h, w) of COCO's uncompressed RLE."""
    height, width = run_length["size"]
    counts = run_length["counts"]
    values = np.arange(len(counts)) % 2 == 1
    return np.repeat(values, counts).reshape(width, height).T


def photo_mask(
    foreground: npt.NDArray[np.float32], cells: Mask, box: npt.NDArray[np.float32], size: tuple[int, int]
) -> Mask:
    """The mask (height, width) of one part in a photo of `size` (width, height): where the foreground (h, w), smoothly
    enlarged, is above one half (of a faint part: of the most that it says), near the part's own `cells` (h, w) and
    within its `box` in the photo's pixels.
    """
    mask = np.zeros((size[1], size[0]), bool)
    left, top = (max(0, int(value)) for value in np.floor(box[:2]))
    right, bottom = (min(int(np.ceil(value)), end) for value, end in zip(box[2:], size, strict=True))
    if right <= left or bottom <= top:
        return mask
    across, down = foreground.shape[1] / size[0], foreground.shape[0] / size[1]
    source = (left * across, top * down, right * across, bottom * down)
    shown = [
        Image.fromarray(values.astype(np.float32)).resize((right - left, bottom - top), how, box=source)
        for values, how in ((foreground, Image.Resampling.BICUBIC), (cells, Image.Resampling.BILINEAR))
    ]
    solid = SOLID * min(1.0, float(foreground[cells].max())) if cells.any() else SOLID
    mask[top:bottom, left:right] = (np.asarray(shown[0]) >= solid) & (np.asarray(shown[1]) >= SOLID / 2)
    return mask
