"""From the network's maps to parts: what hangs together is a part, and is divided where it has several middles.

Outlines are learned long before exact sides of boxes, so a box is the extent of its part's outline; that of a small
part, whose outline is a few cells, is what the network says. A middle counts only if the cells around it say so too:
every cell says where its part's box lies, and so which middle it belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from photos.finder.overlap import overlaps

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

STRIDE = 4  # pixels of the picture a cell of the maps

OUTLINE = 0.3  # foreground from which a cell belongs to a part
FAINTEST = 0.08  # a middle below is not looked at
LESS = 0.35  # a middle below this share of a higher one of the same outline is no other part
SADDLE = 0.6  # nor is one between which and a higher one the centre map never falls below this share of it
ALIKE = 0.3  # nor one whose box shares so much (IoU) with that of a higher one
FEW = 0.35  # nor one to which fewer of the cells in its box belong
SMALL_PX, LARGE_PX = 8.0, 20.0  # longer sides: up to here the network's box counts, from here the outline's
SAME = 0.5  # from this IoU with a better box a box is the same part again
MOST = 100  # parts a picture, as COCO counts
CONNECTED = np.ones((3, 3), bool)


@dataclass(frozen=True)
class Instances:
    """Parts of one picture, best first: `boxes` (k, 4) x_min, y_min, x_max, y_max in pixels of the picture, `scores`
    (k,) in [0, 1], `owner` (h, w) int: which of them each cell shows, -1 where none.
    """

    boxes: Floats
    scores: Floats
    owner: npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Part:
    """One part: its cells (h, w), the row and column of its middle, its score."""

    cells: Mask
    middle: tuple[int, int]
    score: float


def decode(foreground: Floats, centre: Floats, reach: Floats) -> Instances:
    """The parts in the maps of one picture, cells of `STRIDE` pixels: probabilities (h, w) of a part and of the middle
    of a part's box, and `reach` (4, h, w), pixels from the cell's middle to the left, upper, right, lower side of it.
    """
    height, width = centre.shape
    x, y = np.meshgrid((np.arange(width) + 0.5) * STRIDE, (np.arange(height) + 0.5) * STRIDE)
    said = np.stack([x - reach[0], y - reach[1], x + reach[2], y + reach[3]], axis=-1)
    said = np.clip(said, 0, np.array([width, height, width, height]) * STRIDE).astype(np.float32)
    outlines, count = ndimage.label(foreground >= OUTLINE, CONNECTED)
    tops = _tops(centre)
    parts: list[_Part] = []
    for number in range(1, count + 1):
        parts += _parts_of(outlines == number, foreground, centre, said, tops)
    free = outlines == 0
    boxes = np.array([_box(part, free, foreground, said) for part in parts], np.float32).reshape(-1, 4)
    scores = np.array([part.score for part in parts], np.float32)
    kept = distinct(boxes, scores)[:MOST]
    owner = np.full((height, width), -1, np.int64)
    for place, index in enumerate(kept):
        owner[parts[index].cells] = place
    return Instances(boxes[kept], scores[kept], owner)


def _tops(centre: Floats) -> list[tuple[int, int]]:
    """Rows and columns of the local maxima, highest first."""
    rows, columns = np.nonzero((centre == ndimage.maximum_filter(centre, 3)) & (centre >= FAINTEST))
    order = np.argsort(-centre[rows, columns], kind="stable")
    return [(int(rows[index]), int(columns[index])) for index in order]


def _parts_of(
    outline: Mask, foreground: Floats, centre: Floats, said: Floats, tops: list[tuple[int, int]]
) -> list[_Part]:
    """The parts in one outline (h, w), which has no gaps: one, or as many as it has middles of different parts. The
    middle of a ring lies in its hole.
    """
    within = ndimage.binary_fill_holes(outline)
    middles: list[tuple[int, int]] = []
    for top in tops:
        if within[top] and all(_differ(top, other, centre, said) for other in middles):
            middles.append(top)
    owned = _divided(outline, middles, said)
    while len(middles) > 1 and (weakest := _unsupported(owned, outline, middles, said)) is not None:
        del middles[weakest]
        owned = _divided(outline, middles, said)
    if not middles:
        highest = int(np.where(within, centre, -1).argmax())
        middles, owned = [divmod(highest, centre.shape[1])], [outline]
    return [
        _Part(cells, middle, float(np.sqrt(centre[middle] * foreground[cells].mean())))
        for cells, middle in zip(owned, middles, strict=True)
        if cells.any()
    ]


def _differ(top: tuple[int, int], higher: tuple[int, int], centre: Floats, said: Floats) -> bool:
    """Whether two middles in one outline are those of two parts."""
    if centre[top] < LESS * centre[higher] or overlaps(said[top][None], said[higher][None])[0, 0] >= ALIKE:
        return False
    steps = np.linspace(0, 1, 12)[:, None]
    rows, columns = np.round(np.array(top) + (np.array(higher) - np.array(top)) * steps).astype(int).T
    return bool(centre[rows, columns].min() < SADDLE * centre[top])


def _divided(outline: Mask, middles: list[tuple[int, int]], said: Floats) -> list[Mask]:
    """The cells of each middle: those whose own box has its middle nearest to it, by the sides of the middle's box."""
    if len(middles) <= 1:
        return [outline] * len(middles)
    middle_of_cell = (said[..., :2] + said[..., 2:]) / 2
    distances = []
    for row, column in middles:
        box = said[row, column]
        half = np.maximum((box[2:] - box[:2]) / 2, STRIDE)
        place = np.array([column + 0.5, row + 0.5], np.float32) * STRIDE
        distances.append(np.square((middle_of_cell - place) / half).sum(axis=2))
    nearest = np.argmin(distances, axis=0)
    return [outline & (nearest == number) for number in range(len(middles))]


def _unsupported(owned: list[Mask], outline: Mask, middles: list[tuple[int, int]], said: Floats) -> int | None:
    """The middle to which the smallest share of the outline in its box belongs, if that is small."""
    shares = []
    for cells, middle in zip(owned, middles, strict=True):
        left, top = np.floor(said[middle][:2] / STRIDE).astype(int)
        right, bottom = np.ceil(said[middle][2:] / STRIDE).astype(int)
        there = outline[top:bottom, left:right].sum()
        shares.append(cells[top:bottom, left:right].sum() / there if there else 0.0)
    weakest = int(np.argmin(shares))
    return weakest if shares[weakest] < FEW else None


def _box(part: _Part, free: Mask, foreground: Floats, said: Floats) -> Floats:
    """The box of a part in pixels: the extent of its outline, of a small one what the network says. `free`: cells of
    no outline, of which the part may cover a share.
    """
    rows, columns = np.flatnonzero(part.cells.any(axis=1)), np.flatnonzero(part.cells.any(axis=0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    near = part.cells | (free & ndimage.binary_dilation(part.cells, CONNECTED))
    shown = np.where(near, foreground, 0)
    across = np.pad(shown[top:bottom].max(axis=0), 1)
    down = np.pad(shown[:, left:right].max(axis=1), 1)
    # The cells beside the outline show a little of the part: as much of them lies in the box.
    extent = np.array([left - across[left], top - down[top], right + across[right + 1], bottom + down[bottom + 1]])
    extent = extent * STRIDE
    side = max(extent[2] - extent[0], extent[3] - extent[1])
    share = np.clip((side - SMALL_PX) / (LARGE_PX - SMALL_PX), 0, 1)
    box: Floats = (share * extent + (1 - share) * said[part.middle]).astype(np.float32)
    return box


def distinct(boxes: Floats, scores: Floats) -> npt.NDArray[np.int64]:
    """Indices of the boxes that are no better box's duplicate, best first."""
    order = np.argsort(-scores, kind="stable")
    shared = overlaps(boxes, boxes)
    kept: list[int] = []
    for index in order:
        if not kept or shared[index, kept].max() < SAME:
            kept.append(int(index))
    return np.array(kept, np.int64)
