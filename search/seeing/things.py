"""From a photo to the things in it that are asked about: what they look like, what is written beside them, their size.

Nothing here imports torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image

from cad2real.errors import UserError
from photos.crop import Box, Crop
from photos.looking import Looking
from photos.params import PhotosParams
from photos.square import DECODE_MARGIN, squares_of
from search.seeing.decoded import DecodedPhoto, decoded_file
from search.seeing.sizes import Measured, Reference, measured

BESIDE = 0.5  # of a box's sides: so far from it a label is still its part's


class Source(Protocol):
    """Where a photo that is no file comes from."""

    def decoded(self, least: float) -> DecodedPhoto:
        """The photo, decoded by at least `least` of its size. Raises UserError that names what cannot be used."""


@dataclass(frozen=True)
class Shown:
    """A photo to ask about: what its `box` shows (pixels of the upright photo), or what is found in it. `reference`: a
    length that is known in it.
    """

    photo: Path | Source
    box: Box | None = None
    reference: Reference | None = None


@dataclass(frozen=True)
class Seen:
    """A thing in a photo: its `square`, `texts`: those in or beside it, which are read when it is called; its `size`
    where a length is known; the `box` that it was cut by, with the `score` of one that was found.
    """

    square: Image.Image
    texts: Callable[[], list[str]]
    size: Measured | None = None
    box: Box | None = None
    score: float | None = None


@dataclass(frozen=True)
class Eye:
    """How a project's photos become squares (`params`), and what finds the parts in them, where something does."""

    params: PhotosParams
    looking: Looking | None = None

    def whole(self, shown: Shown) -> Seen:
        """What the photo's box shows, else all of it. Raises UserError that names a photo that cannot be used."""
        return self._seen(self._decoded(shown), shown, [(shown.box, None)])[0]

    def everything(self, shown: Shown, one: bool = False) -> list[Seen]:
        """What the photo's box shows, else every part that is found in it, best found first (`one`: the subject),
        else all of it. Raises UserError that names a photo that cannot be used.
        """
        photo = self._decoded(shown)
        found = self.looking.boxes_in(photo, one) if shown.box is None and self.looking else []
        return self._seen(photo, shown, list(found) or [(shown.box, None)])

    def _decoded(self, shown: Shown) -> DecodedPhoto:
        box, least = shown.box, 0.0
        if box is not None:  # as large as its square will need it: a photo is decoded once
            side = max(box.x_max - box.x_min, box.y_max - box.y_min)
            least = min(1.0, DECODE_MARGIN * self.params.size / side) if side > 0 else 0.0
        return decoded_file(shown.photo, least) if isinstance(shown.photo, Path) else shown.photo.decoded(least)

    def _seen(self, photo: DecodedPhoto, shown: Shown, where: Sequence[tuple[Box | None, float | None]]) -> list[Seen]:
        cut = self._cut(photo, [box for box, _ in where])
        full, things = (photo.width, photo.height), []
        for (crop, square), (box, score) in zip(cut, where, strict=True):
            beside = box if shown.box or len(where) > 1 else None  # of one thing all that is written counts
            plain = _without_bars(square, crop, full) if shown.reference else square
            size = measured(plain, crop.side, box, shown.reference) if shown.reference else None
            things.append(Seen(square, partial(_texts, photo, beside), size, box, score))
        return things

    def _cut(self, photo: DecodedPhoto, boxes: list[Box | None]) -> list[tuple[Crop, Image.Image]]:
        cut = []
        for result in squares_of(photo, boxes, self.params.border, self.params.size)[0]:
            if isinstance(result, UserError):  # a box that somebody gave; found ones lie in the photo
                raise UserError(f"{photo.called}: {result.what}" if photo.called else result.what, result.remedy)
            cut.append(result)
        return cut


def _without_bars(square: Image.Image, crop: Crop, full: tuple[int, int]) -> Image.Image:
    """`square` with the colour of the photo's border where it is black beyond the photo of `full` width and height: an
    outline is looked for before one background.
    """
    scale = square.width / crop.side
    starts = [max(0.0, -start) * scale for start in (crop.x, crop.y)]
    ends = [min(crop.side, length - start) * scale for start, length in zip((crop.x, crop.y), full, strict=True)]
    if max(starts) < 1 and min(ends) > square.width - 1:
        return square
    left, top = (math.ceil(start) for start in starts)
    inner = square.crop((left, top, int(ends[0]), int(ends[1])))
    pixels = np.asarray(inner.convert("RGB"))
    if not pixels.size:
        return square
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    red, green, blue = (int(value) for value in np.median(border, axis=0))
    plain = Image.new("RGB", square.size, (red, green, blue))
    plain.paste(inner, (left, top))
    return plain


def _texts(photo: DecodedPhoto, box: Box | None) -> list[str]:
    """The texts in `photo`; where there is a `box`, those in it or beside it: others belong to other parts."""
    codes = photo.codes()
    if box is None:
        return [code.text for code in codes]
    across, down = (box.x_max - box.x_min) * BESIDE, (box.y_max - box.y_min) * BESIDE
    return [
        code.text
        for code in codes
        if box.x_min - across <= code.x <= box.x_max + across and box.y_min - down <= code.y <= box.y_max + down
    ]
