"""How good masks are: intersection over union by class, and where there are only boxes, how far masks agree with them.

For scoring only, but for composites, whose classes are made.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage
from torchmetrics.classification import MulticlassJaccardIndex

from train.losses.classmix import BACKGROUND
from train.losses.self_training import IGNORED

ClassMap = npt.NDArray[np.integer]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class MaskScores:
    """`by_class`: the IoU of each class over all pictures together, NaN of one that is nowhere."""

    by_class: tuple[float, ...]

    @property
    def mean_iou(self) -> float:
        """Mean over the classes that are there, with what is no part: mIoU as papers have it."""
        return _mean(self.by_class)

    @property
    def parts_iou(self) -> float:
        """The same without what is no part, which is most of a photo and easy."""
        return _mean(self.by_class[BACKGROUND + 1 :])


def mask_scores(pairs: Iterable[tuple[ClassMap, ClassMap]], classes: int) -> MaskScores:
    """Scores of (found, true) class maps (h, w), pair by pair of one shape; pixels that are truly `IGNORED` do not
    count. The counts are of all pictures together.
    """
    counted = MulticlassJaccardIndex(classes, average=None, ignore_index=IGNORED, zero_division=math.nan)
    for found, true in pairs:
        counted.update(*(torch.from_numpy(each.astype(np.int64))[None] for each in (found, true)))
    if not counted.update_called:
        return MaskScores((math.nan,) * classes)
    return MaskScores(tuple(float(value) for value in counted.compute()))


@dataclass
class BoxAgreement:
    """What masks and given boxes have in common, box by box. `overlaps`: the IoU of the box with the tight box around
    the piece of its own class that has most pixels in it; `named`: whether most of the part's pixels in it are of its
    class.
    """

    overlaps: list[float] = field(default_factory=list)
    named: list[bool] = field(default_factory=list)
    classes: list[int] = field(default_factory=list)

    def add(self, found: ClassMap, boxes: Sequence[tuple[Box, int]]) -> None:
        """Counts the boxes (x_min, y_min, x_max, y_max in pixels, class) of a photo with the map (h, w)."""
        for box, number in boxes:
            left, top, right, bottom = (max(0, round(side)) for side in box)
            inside = found[top:bottom, left:right]
            parts = inside[inside != BACKGROUND]
            self.named.append(bool(len(parts)) and int(np.bincount(parts).argmax()) == number)
            self.overlaps.append(_overlap(box, _piece_box(found == number, (left, top, right, bottom))))
            self.classes.append(number)

    def mean_overlap(self) -> float:
        """Mean over the classes of the mean over their boxes; a class of many boxes does not drown the others."""
        return self._by_class(self.overlaps)

    def share_named(self) -> float:
        """The same of how many are named rightly."""
        return self._by_class(self.named)

    def _by_class(self, values: Sequence[float]) -> float:
        numbers = np.array(self.classes)
        return _mean([float(np.mean(np.array(values)[numbers == one])) for one in sorted(set(self.classes))])


def _piece_box(mask: npt.NDArray[np.bool_], box: tuple[int, int, int, int]) -> Box | None:
    """The tight box around the connected piece of the mask (h, w) of which most lies in `box`; None for none."""
    left, top, right, bottom = box
    pieces, _ = ndimage.label(mask)
    counts = np.bincount(pieces[top:bottom, left:right].ravel(), minlength=1)
    counts[0] = 0
    if not counts.any():
        return None
    rows, columns = np.nonzero(pieces == counts.argmax())
    return float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1)


def _overlap(box: Box, other: Box | None) -> float:
    if other is None:
        return 0.0
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    both = max(0.0, width) * max(0.0, height)
    areas = [(each[2] - each[0]) * (each[3] - each[1]) for each in (box, other)]
    return both / (sum(areas) - both)


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return float(np.mean(known)) if known else math.nan
