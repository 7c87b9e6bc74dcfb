"""From a photo to the things in it that are asked about: what they look like, what is written beside them, their size.

Nothing here imports torch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from cad2real.errors import UserError
from photos.crop import Box, Crop
from photos.looking import Looking
from photos.opening import open_photo
from photos.params import PhotosParams
from photos.square import photo_squares
from search.naming.codes import READ_PX, Code, codes_in
from search.seeing.sizes import Measured, Reference, measured

BESIDE = 0.5  # of a box's sides: so far from it a label is still its part's


@dataclass(frozen=True)
class Shown:
    """A photo to ask about: what its `box` shows (pixels of the upright photo), or what is found in it. `reference`: a
    length that is known in it.
    """

    path: Path
    box: Box | None = None
    reference: Reference | None = None


@dataclass(frozen=True)
class Seen:
    """A thing in a photo: its `square`, the `texts` that are read in or beside it, its `size` where a length is known;
    the `box` that it was cut by, with the `score` of one that was found.
    """

    square: Image.Image
    texts: list[str]
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
        return self._seen(shown, [(shown.box, None)])[0]

    def everything(self, shown: Shown, one: bool = False) -> list[Seen]:
        """What the photo's box shows, else every part that is found in it, best found first (`one`: the largest alone),
        else all of it. Raises UserError that names a photo that cannot be used.
        """
        found: list[tuple[Box, float]] = []
        if shown.box is None and self.looking and shown.path.is_file():
            try:
                found = self.looking.boxes(shown.path, one)
            except UserError as error:
                raise UserError(f"{shown.path} {error.what}", error.remedy) from None
        return self._seen(shown, list(found)) if found else [self.whole(shown)]

    def _seen(self, shown: Shown, where: Sequence[tuple[Box | None, float | None]]) -> list[Seen]:
        cut = self._cut(shown.path, [box for box, _ in where])
        codes, full = _codes(shown.path)
        things = []
        for (crop, square), (box, score) in zip(cut, where, strict=True):
            beside = box if shown.box or len(where) > 1 else None  # of one thing all that is written counts
            plain = _without_bars(square, crop, full) if shown.reference else square
            size = measured(plain, crop.side, box, shown.reference) if shown.reference else None
            things.append(Seen(square, _texts(codes, beside), size, box, score))
        return things

    def _cut(self, path: Path, boxes: list[Box | None]) -> list[tuple[Crop, Image.Image]]:
        if not path.is_file():
            raise UserError(f"{path}: no such photo.", "Give the path of a picture file.")
        try:
            results = photo_squares(path, boxes, self.params.border, self.params.size)
        except UserError as error:
            raise UserError(f"{path} {error.what}", error.remedy) from None
        cut = []
        for result in results:
            if isinstance(result, UserError):  # a box that somebody gave; found ones lie in the photo
                raise UserError(f"{path}: {result.what}", result.remedy)
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


def _codes(path: Path) -> tuple[list[Code], tuple[int, int]]:
    """What can be read in a photo that can be used, places in pixels of the upright photo, and its width and height."""
    with open_photo(path) as photo:
        width, height = photo.width, photo.height
        codes = codes_in(photo.read(min(1.0, READ_PX / max(width, height))))
    return [replace(code, x=code.x * width, y=code.y * height) for code in codes], (width, height)


def _texts(codes: Sequence[Code], box: Box | None) -> list[str]:
    """The texts of `codes`; where there is a `box`, of those in it or beside it: others belong to other parts."""
    if box is None:
        return [code.text for code in codes]
    across, down = (box.x_max - box.x_min) * BESIDE, (box.y_max - box.y_min) * BESIDE
    return [
        code.text
        for code in codes
        if box.x_min - across <= code.x <= box.x_max + across and box.y_min - down <= code.y <= box.y_max + down
    ]
