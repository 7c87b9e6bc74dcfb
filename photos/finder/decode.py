"""From the network's maps to parts: what hangs together is a part, and is divided where it has several middles.

Outlines are learned long before exact sides of boxes, so a box is the extent of its part's outline; that of a small
part, whose outline is a few cells, is what the network says. Every cell says where its part's box lies, and so which
middle it belongs to; and an outline is divided only where its pieces fit what their cells say better than one part.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from photos.finder.overlap import overlaps

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

STRIDE = 4  # pixels of the picture a cell of the maps

OUTLINE = 0.3  # foreground from which a cell belongs to a part
FAINTEST = 0.08  # a middle below is not looked at
MOST_MIDDLES = 12  # of one outline that are looked at
PRICE = 0.35  # of a part: what the smaller of two groups of cells loses (IoU a cell) when both are taken for one part;
# the best on held-out composites (average precision .81; at .2 .80, at .5 .76)
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
    """One part: its cells (h, w), the row and column of its middle, its score; all in a window of the maps."""

    cells: Mask
    middle: tuple[int, int]
    score: float


type _Window = tuple[slice, slice]
"""Rows and columns of the maps: an outline with the cells around it. A picture of many parts is looked at in many small
windows, and not each time as a whole.
"""


def decode(foreground: Floats, centre: Floats, reach: Floats) -> Instances:
    """The parts in the maps of one picture, cells of `STRIDE` pixels: probabilities (h, w) of a part and of the middle
    of a part's box, and `reach` (4, h, w), pixels from the cell's middle to the left, upper, right, lower side of it.
    """
    height, width = centre.shape
    x, y = np.meshgrid((np.arange(width) + 0.5) * STRIDE, (np.arange(height) + 0.5) * STRIDE)
    said = np.stack([x - reach[0], y - reach[1], x + reach[2], y + reach[3]], axis=-1)
    said = np.clip(said, 0, np.array([width, height, width, height]) * STRIDE).astype(np.float32)
    outlines, _ = ndimage.label(foreground >= OUTLINE, CONNECTED)
    tops = _tops(centre)
    free = outlines == 0
    parts: list[tuple[_Window, _Part]] = []
    sides: list[Floats] = []
    for number, extent in enumerate(ndimage.find_objects(outlines), start=1):
        window: _Window = tuple(slice(max(0, along.start - 1), along.stop + 1) for along in extent)  # type: ignore[assignment]
        corner = np.array([window[1].start, window[0].start] * 2, np.float32) * STRIDE
        shown, boxes = foreground[window], said[window] - corner
        for part in _parts_of(outlines[window] == number, shown, centre[window], boxes, _within(tops, window)):
            parts.append((window, part))
            sides.append(_box(part, free[window], shown, boxes) + corner)
    boxes = np.array(sides, np.float32).reshape(-1, 4)
    scores = np.array([part.score for _, part in parts], np.float32)
    kept = distinct(boxes, scores)[:MOST]
    owner = np.full((height, width), -1, np.int64)
    for place, index in enumerate(kept):
        window, part = parts[index]
        owner[window][part.cells] = place
    return Instances(boxes[kept], scores[kept], owner)


def _within(places: list[tuple[int, int]], window: _Window) -> list[tuple[int, int]]:
    """Those of the `places` (row, column) that lie in `window`, counted from its corner."""
    rows, columns = window
    moved = [(row - rows.start, column - columns.start) for row, column in places]
    return [
        (row, column)
        for row, column in moved
        if 0 <= row < rows.stop - rows.start and 0 <= column < columns.stop - columns.start
    ]


def _tops(centre: Floats) -> list[tuple[int, int]]:
    """Rows and columns of the local maxima, highest first."""
    rows, columns = np.nonzero((centre == ndimage.maximum_filter(centre, 3)) & (centre >= FAINTEST))
    order = np.argsort(-centre[rows, columns], kind="stable")
    return [(int(rows[index]), int(columns[index])) for index in order]


def _parts_of(
    outline: Mask, foreground: Floats, centre: Floats, said: Floats, tops: list[tuple[int, int]]
) -> list[_Part]:
    """The parts in one outline (h, w), which has no gaps: one, or as many as its cells say. The middle of a ring lies
    in its hole.
    """
    within = ndimage.binary_fill_holes(outline)
    middles = [top for top in tops if within[top]][:MOST_MIDDLES]
    groups = [cells for cells in _divided(outline, middles, said) if cells.any()] if middles else [outline]
    parts = []
    for cells in _joined(groups, said):
        there = within if np.array_equal(cells, outline) else cells
        row, column = divmod(int(np.where(there, centre, -1).argmax()), centre.shape[1])
        score = float(np.sqrt(centre[row, column] * foreground[cells].mean()))
        parts.append(_Part(cells, (row, column), score))
    return parts


def _joined(groups: list[Mask], said: Floats) -> list[Mask]:
    """The groups of cells that are parts: pieces of one are joined, pair after pair, as long as the boxes that the
    cells of the smaller group say fit the joint extent nearly as well as the extents of both on their own.
    """
    groups = list(groups)
    fits, sizes = [_fit(cells, said) for cells in groups], [int(cells.sum()) for cells in groups]
    while len(groups) > 1:
        losses = {}
        for one, other in combinations(range(len(groups)), 2):
            joint = _fit(groups[one] | groups[other], said)
            losses[one, other] = (fits[one] + fits[other] - joint) / min(sizes[one], sizes[other])
        one, other = min(losses, key=lambda pair: losses[pair])
        if losses[one, other] >= PRICE:
            break
        joint_cells = groups[one] | groups[other]
        for place in (other, one):
            del groups[place], fits[place], sizes[place]
        groups.append(joint_cells)
        fits.append(_fit(joint_cells, said))
        sizes.append(int(joint_cells.sum()))
    return groups


def _fit(cells: Mask, said: Floats) -> float:
    """How well the boxes that `cells` say fit the cells' extent: the sum of their overlaps (IoU)."""
    left, top, right, bottom = _extent(cells)
    box = np.array([[left, top, right, bottom]], np.float32) * STRIDE
    return float(overlaps(said[cells], box).sum())


def _extent(cells: Mask) -> tuple[int, int, int, int]:
    """The first column and row of `cells`, and the ones after their last."""
    rows, columns = np.flatnonzero(cells.any(axis=1)), np.flatnonzero(cells.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


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


def _box(part: _Part, free: Mask, foreground: Floats, said: Floats) -> Floats:
    """The box of a part in pixels: the extent of its outline, of a small one what the network says. `free`: cells of
    no outline, of which the part may cover a share.
    """
    left, top, right, bottom = _extent(part.cells)
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
