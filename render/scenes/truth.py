"""What is known of a scene's picture: which pixels show which part, and how much of each can be seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cad2real.coco_masks import CocoMask, coco_mask

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class PartSeen:
    """One part of a scene in its picture. `mask` (h, w): the pixels that show it; `silhouette` (h, w): those that would
    if it were alone; `pixels` of the silhouette, with what lies beyond the frame, and its `extent` there (x_min, y_min,
    x_max, y_max, upper ends exclusive; may be negative), None where it is less than a pixel.
    """

    mask: NDArray[np.bool_]
    silhouette: NDArray[np.bool_]
    pixels: int
    extent: Box | None

    @property
    def visible(self) -> float:
        """The share of its silhouette that can be seen, in [0, 1]."""
        return int(self.mask.sum()) / self.pixels if self.pixels else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Its entry in truth.json: boxes in pixels, masks as COCO's run lengths."""
        box = tight(self.mask)
        masks: dict[str, CocoMask] = {"mask": coco_mask(self.mask), "silhouette": coco_mask(self.silhouette)}
        return {
            "box": None if box is None else list(box),
            "box_whole": None if self.extent is None else list(self.extent),
            "visible": round(self.visible, 6),
            "pixels": int(self.mask.sum()),
            "pixels_whole": self.pixels,
            **masks,
        }


def tight(mask: NDArray[np.bool_]) -> Box | None:
    """The box around a mask (h, w), upper ends exclusive; None where it is empty.

    >>> tight(np.array([[False, False, False], [False, True, True]]))
    (1, 1, 3, 2)
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
