"""One photo through the network, several times: coarsely for large parts, finely for small ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from PIL import Image

from photos.finder.overlap import overlaps

MULTIPLE = 32  # sides of pictures are multiples of it: the network halves five times
SCALES = (0.5, 1, 2)  # of the looks: sides of their pictures, by the side that the network was trained at
BAND = (0.2, 0.8)  # by that side: parts of this size are taken from a look; smaller ones from a finer, larger ones from
# a coarser look; what several see, from that which is surer
WHOLE = 2.0  # how much more a look counts than the next finer one, which may see pieces of what it sees whole
SAME = 0.5  # from this IoU with a better box of the other look a box is the same part again
WITHIN = 0.5  # so much of the smaller one in a better one of another look: both show the same

Floats = npt.NDArray[np.float32]
type Maps = tuple[Floats, Floats, Floats]
"""Foreground and centre (h, w) as probabilities, and reach (4, h, w), as `decode` takes them."""
type Network = Callable[[npt.NDArray[np.uint8]], Maps]
"""A picture (3, H, W), whose sides are multiples of 32, to its maps."""


@dataclass(frozen=True)
class Sighting:
    """What may be a part in a photo: its `box` (4,) in pixels, its `score`, and the `foreground` (h, w) in which the
    `cells` (h, w) are its own.
    """

    box: Floats
    score: float
    foreground: Floats
    cells: npt.NDArray[np.bool_]


def look(network: Network, photo: Image.Image, image_size: int) -> list[Sighting]:
    """All that may be parts, best first. The network looks with the longer side at `image_size`, as it was trained; at
    half of that for parts that fill the photo, which it could see only piece by piece; and at twice that for small
    ones, which are a few cells.
    """
    seen: list[Sighting] = []
    weights: list[float] = []
    scales = looks(image_size)
    shown = _pictures(photo, [round(scale * image_size) for scale in scales])
    for number, scale in enumerate(scales):
        least = BAND[0] / scale if scale < scales[-1] else 0.0
        most = BAND[1] / scale if scale > scales[0] else np.inf
        for one in _one_look(network, shown[number], photo.size):
            if least <= _side(one) / max(photo.size) < most:
                seen.append(one)
                weights.append(one.score * WHOLE**-number)
    if not seen:
        return []
    boxes = np.stack([one.box for one in seen])
    alike = overlaps(boxes, boxes) >= SAME
    places = [_place(one.cells) for one in seen]
    same: dict[int, list[int]] = {}  # of each that is kept, what shows the same
    for this in sorted(range(len(seen)), key=lambda number: -weights[number]):
        again = [
            other
            for other in same
            if alike[this, other] or (_touch(places[this], places[other]) and _shows_same(seen[this], seen[other]))
        ]
        for other in again:
            same[other].append(this)
        if not again:
            same[this] = []
    found = []
    for this, others in same.items():
        finest = max(np.flatnonzero(alike[this]), key=lambda other: seen[other].cells.size)
        pieces = [seen[other] for other in others if seen[other].foreground is seen[finest].foreground]
        found.append(replace(seen[this], box=_finest_box(seen[this], seen[finest], pieces)))
    return sorted(found, key=lambda one: -one.score)


def _finest_box(whole: Sighting, finest: Sighting, pieces: list[Sighting]) -> Floats:
    """The box of a part that was seen as a `whole`: that of the `finest` look at it, whose corners are known to the
    smallest cells, or of all `pieces` that the part fell into there, whichever fits the whole better.
    """
    sides = np.stack([finest.box, *(piece.box for piece in pieces)])
    around = np.concatenate([sides[:, :2].min(axis=0), sides[:, 2:].max(axis=0)])
    boxes = np.stack([finest.box, around])
    best: Floats = boxes[int(overlaps(boxes, whole.box[None])[:, 0].argmax())]
    return best


def looks(image_size: int) -> list[float]:
    """The scales of the looks of a network that was trained at `image_size` pixels: a look whose deepest layer would be
    one cell, as of tiny networks, shows nothing and is left out.

    >>> looks(192), looks(64)
    ([0.5, 1, 2], [1, 2])
    """
    return [scale for scale in SCALES if scale >= 1 or scale * image_size > MULTIPLE]


def _pictures(photo: Image.Image, longer_sides: list[int]) -> list[Image.Image]:
    """The photo with its longer side at about each of these, smallest first: the sides are multiples of MULTIPLE. Each
    is made of the next larger one, which takes a tenth of the time of a large photo.
    """
    pictures = [photo.convert("RGB")]
    for longer_side in reversed(longer_sides):
        factor = longer_side / max(photo.size)
        width, height = (max(MULTIPLE, round(side * factor / MULTIPLE) * MULTIPLE) for side in photo.size)
        pictures.append(pictures[-1].resize((width, height), Image.Resampling.BICUBIC, reducing_gap=3.0))
    return pictures[:0:-1]


def _one_look(network: Network, picture: Image.Image, size: tuple[int, int]) -> list[Sighting]:
    """What is seen in a picture of a photo of `size` (width, height)."""
    from photos.finder.decode import decode  # scipy, which takes half a second where nothing is looked for

    maps = network(np.asarray(picture).transpose(2, 0, 1))
    found = decode(*maps)
    scale = np.array([size[0] / picture.width, size[1] / picture.height] * 2, np.float32)
    return [
        Sighting(box * scale, float(score), maps[0], found.owner == number)
        for number, (box, score) in enumerate(zip(found.boxes, found.scores, strict=True))
    ]


def _side(one: Sighting) -> float:
    return float(max(one.box[2] - one.box[0], one.box[3] - one.box[1]))


def _place(cells: npt.NDArray[np.bool_]) -> tuple[float, float, float, float]:
    """Where the cells lie in the photo, as shares of its sides: left, top, right, bottom."""
    rows, columns = np.flatnonzero(cells.any(axis=1)), np.flatnonzero(cells.any(axis=0))
    height, width = cells.shape
    if not len(rows):
        return 0.0, 0.0, 0.0, 0.0
    return columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height


def _touch(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _shows_same(one: Sighting, better: Sighting) -> bool:
    """Whether a sighting is, seen by another look, a piece of one before it or several such together: by what they show
    and not by their boxes, for other parts may lie in the box of a long one.
    """
    if one.foreground is better.foreground:
        return False
    coarse, fine = sorted((one.cells, better.cells), key=lambda cells: cells.size)
    rows, columns = ((np.arange(end) * part) // end for part, end in zip(coarse.shape, fine.shape, strict=True))
    enlarged = coarse[np.ix_(rows, columns)]
    smaller = max(1, min(int(fine.sum()), int(enlarged.sum())))
    return bool((fine & enlarged).sum() >= WITHIN * smaller)
