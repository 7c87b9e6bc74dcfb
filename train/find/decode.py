"""From the network's maps to parts: tops of the centres give boxes, the other cells' boxes vote for them.

Every foreground cell says where the box of its part lies. A box for which few of the cells within it vote is a piece of
a part or lies across several: its score falls. Cells that vote for a box are its mask.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from train.find.network import STRIDE
from train.measures.detection import overlaps

Floats = npt.NDArray[np.float32]

FAINTEST = 0.05  # a centre below is not looked at
MOST = 100  # parts a picture, as COCO counts
SAME = 0.5  # from this IoU with a better box a box is the same part again
VOTE = 0.4  # least IoU of a cell's box with the box that it votes for
SOLID = 0.5  # least foreground of a cell that votes
WITHIN, UNSUPPORTED = 0.8, 0.35  # so much of a box within a better one, and so few votes for it: a piece of that part


@dataclass(frozen=True)
class Instances:
    """Parts of one picture, best first: `boxes` (k, 4) x_min, y_min, x_max, y_max in pixels of the picture, `scores`
    (k,) in [0, 1], `owner` (h, w) int: which of them each cell shows, -1 where none.
    """

    boxes: Floats
    scores: Floats
    owner: npt.NDArray[np.int64]


def decode(foreground: Floats, centre: Floats, reach: Floats) -> Instances:
    """The parts in the maps of one picture: probabilities (h, w) and reach (4, h, w) as in `Maps`."""
    height, width = centre.shape
    x, y = np.meshgrid((np.arange(width) + 0.5) * STRIDE, (np.arange(height) + 0.5) * STRIDE)
    said = np.stack([x - reach[0], y - reach[1], x + reach[2], y + reach[3]], axis=-1).astype(np.float32)
    said = np.clip(said, 0, np.array([width, height, width, height], np.float32) * STRIDE)
    rows, columns = _tops(centre)
    boxes, scores = said[rows, columns], centre[rows, columns]
    kept = distinct(boxes, scores)
    boxes, scores = boxes[kept], scores[kept]
    votes = overlaps(said.reshape(-1, 4), boxes).reshape(height, width, len(boxes))
    owner = _owner(votes, foreground)
    supported = _support(owner, boxes, foreground)
    scores = (scores * np.sqrt(supported)).astype(np.float32)
    kept = _whole(boxes, scores, supported)
    number = np.full(len(boxes) + 1, -1)
    number[kept] = np.arange(len(kept))
    return Instances(boxes[kept], scores[kept], number[owner])


def _tops(centre: Floats) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rows and columns of the highest local maxima, highest first; of a plateau the first cell."""
    top = (centre == ndimage.maximum_filter(centre, 3)) & (centre >= FAINTEST)
    rows, columns = np.nonzero(top)
    order = np.argsort(-centre[rows, columns], kind="stable")[:MOST]
    return rows[order], columns[order]


def distinct(boxes: Floats, scores: Floats, same: float = SAME) -> npt.NDArray[np.int64]:
    """Indices of the boxes that are no better box's duplicate (IoU from `same`), best first."""
    order = np.argsort(-scores, kind="stable")
    shared = overlaps(boxes, boxes)
    kept: list[int] = []
    for index in order:
        if not kept or shared[index, kept].max() < same:
            kept.append(int(index))
    return np.array(kept, np.int64)


def _owner(votes: Floats, foreground: Floats) -> npt.NDArray[np.int64]:
    """(h, w) the box that each foreground cell votes for, -1 for none. `votes` (h, w, k): IoU with each box."""
    if not votes.shape[2]:
        return np.full(foreground.shape, -1, np.int64)
    best = votes.argmax(axis=2)
    found = (foreground >= SOLID) & (votes.max(axis=2) >= VOTE)
    return np.where(found, best, -1).astype(np.int64)


def _support(owner: npt.NDArray[np.int64], boxes: Floats, foreground: Floats) -> Floats:
    """(k,) of the foreground cells within each box the share that votes for it; 1 for one without a foreground cell,
    which is too small to have any.
    """
    shares = np.ones(len(boxes), np.float32)
    for index, box in enumerate(boxes):
        left, top = np.floor(box[:2] / STRIDE).astype(int)
        right, bottom = np.ceil(box[2:] / STRIDE).astype(int)
        solid = foreground[top:bottom, left:right] >= SOLID
        if solid.any():
            shares[index] = (owner[top:bottom, left:right][solid] == index).mean()
    return shares


def _whole(boxes: Floats, scores: Floats, supported: Floats) -> npt.NDArray[np.int64]:
    """Indices, best first, without pieces: boxes within a better one for which few cells vote."""
    kept: list[int] = []
    for index in np.argsort(-scores, kind="stable"):
        low = np.maximum(boxes[kept, :2], boxes[index, :2])
        high = np.minimum(boxes[kept, 2:], boxes[index, 2:])
        within = np.prod(np.maximum(high - low, 0), axis=1) / max(float(np.prod(boxes[index, 2:] - boxes[index, :2])), 1)
        if supported[index] >= UNSUPPORTED or not (within >= WITHIN).any():
            kept.append(int(index))
    return np.array(kept, np.int64)
