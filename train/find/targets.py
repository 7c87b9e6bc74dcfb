"""What the network shall say of a composite: exact outlines and boxes as maps of cells."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from photos.finder.decode import STRIDE
from train.find.composites import Composite
from train.find.scene import UNSURE

Floats = npt.NDArray[np.float32]

SPREAD = 0.15  # of a centre's bump, as a share of the box's side
LEAST_SPREAD = 0.7  # cells
OWN_CENTRE = 0.6  # from this height of its bump a part owns the cell, whatever covers it there
LEAST_REACH_PX = 0.5
CENTRE_WEIGHT = 4.0  # how much more a box counts where it is read


@dataclass(frozen=True)
class Targets:
    """Of n pictures. `foreground` (n, h, w): the share of the cell that shows parts; `centre` (n, h, w): bumps of
    height 1 at the middles of boxes; `reach` (n, 4, h, w) in pixels as in `Maps`, where `weight` (n, h, w) is above 0:
    the weights of a part's cells sum to 1, of one that a network saw in a photo to that photo's trust; `sure` (n, h,
    w): how much a cell counts, 0 where nobody is asked.
    """

    foreground: Tensor
    centre: Tensor
    reach: Tensor
    weight: Tensor
    sure: Tensor

    def to(self, device: torch.device) -> Targets:
        """The same on `device`."""
        return Targets(*(getattr(self, field.name).to(device) for field in fields(self)))


def targets(composites: list[Composite]) -> Targets:
    """The targets of a batch of composites of one size."""
    maps = [_of_one(one) for one in composites]
    return Targets(*(torch.from_numpy(np.stack(each)) for each in zip(*maps, strict=True)))


def _of_one(one: Composite) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    cells = one.instances.shape[0] // STRIDE
    blocks = one.instances.reshape(cells, STRIDE, cells, STRIDE).transpose(0, 2, 1, 3).reshape(cells, cells, -1)
    foreground = (blocks > 0).mean(axis=2, dtype=np.float32)
    trust = np.where((blocks > one.seen).any(axis=2), 1, one.trust).astype(np.float32)
    sure = trust * ~(blocks == UNSURE).any(axis=2)
    owner = _most_seen(blocks, len(one.boxes))
    middles = (np.arange(cells, dtype=np.float32) + 0.5) * STRIDE
    bumps = np.stack([_bump(box, cells) for box in one.boxes]) if len(one.boxes) else np.zeros((1, cells, cells))
    bumps = bumps.astype(np.float32)
    centre = bumps.max(axis=0)
    for number in _largest_first(one.boxes):  # so that a small part on the middle of a large one keeps its own
        owner[bumps[number] >= OWN_CENTRE] = number + 1
    reach, weight = np.ones((4, cells, cells), np.float32), np.zeros((cells, cells), np.float32)
    for number, (x_min, y_min, x_max, y_max) in enumerate(one.boxes, start=1):
        rows, columns = np.nonzero(owner == number)
        x, y = middles[columns], middles[rows]
        sides = np.stack([x - x_min, y - y_min, x_max - x, y_max - y])
        reach[:, rows, columns] = np.maximum(sides, LEAST_REACH_PX)
        share = 1 + CENTRE_WEIGHT * bumps[number - 1][rows, columns]
        weight[rows, columns] = share / max(float(share.sum()), 1e-6) * (one.trust if number <= one.seen else 1)
    return foreground, centre, reach, weight, sure


def _largest_first(boxes: Floats) -> list[int]:
    return [int(number) for number in np.argsort(-np.prod(boxes[:, 2:] - boxes[:, :2], axis=1), kind="stable")]


def _most_seen(blocks: npt.NDArray[np.int16], parts: int) -> npt.NDArray[np.int64]:
    """(h, w) the part that most of a cell's pixels (h, w, k) show, 0 where that is none."""
    counts = np.stack([(blocks == number).sum(axis=2) for number in range(parts + 1)])
    counts[0] += (blocks == UNSURE).sum(axis=2)
    return counts.argmax(axis=0)


def _bump(box: Floats, cells: int) -> Floats:
    """A bump over the cells, 1 in the cell of the box's middle and falling with the box's sides."""
    x_min, y_min, x_max, y_max = (float(side) / STRIDE for side in box)
    grid = np.arange(cells)
    # The middle of the cell that holds the middle of the box, so that one cell says 1.
    along = np.minimum(np.floor([(x_min + x_max) / 2, (y_min + y_max) / 2]), cells - 1)
    spread = np.maximum(np.array([x_max - x_min, y_max - y_min]) * SPREAD, LEAST_SPREAD)
    falls = [np.exp(-(((grid - middle) / width) ** 2) / 2) for middle, width in zip(along, spread, strict=True)]
    bump: Floats = np.outer(falls[1], falls[0]).astype(np.float32)
    return bump
