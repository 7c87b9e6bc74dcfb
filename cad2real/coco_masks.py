"""Masks as text: COCO's compressed run lengths, which pycocotools and the tools of detectors read."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]


class CocoMask(TypedDict):
    """COCO's compressed RLE: `size` [height, width] and `counts`, the run lengths as ASCII."""

    size: list[int]
    counts: str


def coco_mask(mask: Mask) -> CocoMask:
    """The run lengths of a mask (h, w).

    >>> coco_mask(np.eye(3, dtype=bool))
    {'size': [3, 3], 'counts': '013000'}
    """
    from pycocotools import mask as coco

    encoded = coco.encode(np.asfortranarray(mask, np.uint8))
    return {"size": [int(side) for side in encoded["size"]], "counts": encoded["counts"].decode("ascii")}
