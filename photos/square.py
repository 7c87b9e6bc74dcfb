"""From a photo and its boxes to square pictures: the same way for training, scoring and search."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from PIL import Image

from cad2real.errors import UserError
from photos.crop import Box, Crop, square_crop, usable_box, whole_photo
from photos.opening import open_photo
from photos.params import Border

DECODE_MARGIN = 2.0  # JPEGs are decoded at least this many times larger than needed, then filtered


class Readable(Protocol):
    """A photo as `photos.opening.Photo` is one; here no file has to be behind it."""

    width: int
    height: int

    def read(self, share: float = 1.0, as_srgb: bool = True) -> Image.Image:
        """The upright picture as RGB, at least `share` (0 to 1] of its size."""

    def srgb(self, image: Image.Image) -> Image.Image:
        """A piece of what was read without `as_srgb`, as sRGB."""


def photo_squares(
    path: Path, boxes: list[Box | None], border: Border, size: int
) -> list[tuple[Crop, Image.Image] | UserError]:
    """One crop and its picture (RGB, `size` x `size`) for each of `boxes`, None standing for the whole photo.

    A box that cannot be used gives its UserError in its place; an unusable photo raises UserError.
    """
    with open_photo(path) as photo:
        return squares_of(photo, boxes, border, size)[0]


def squares_of(
    photo: Readable, boxes: Sequence[Box | None], border: Border, size: int
) -> tuple[list[tuple[Crop, Image.Image] | UserError], Image.Image | None]:
    """As `photo_squares`, of an open photo, with the picture that they were cut from, if a box can be used."""
    crops: list[Crop | UserError] = [_crop(box, photo.width, photo.height, border) for box in boxes]
    sides = [crop.side for crop in crops if isinstance(crop, Crop)]
    if not sides:
        return [crop for crop in crops if isinstance(crop, UserError)], None
    image = photo.read(min(1.0, DECODE_MARGIN * size / min(sides)), as_srgb=False)
    scale = (image.width / photo.width, image.height / photo.height)
    full = (photo.width, photo.height)
    made: list[tuple[Crop, Image.Image] | UserError] = [
        (crop, photo.srgb(_cut(image, crop, full, scale, size))) if isinstance(crop, Crop) else crop for crop in crops
    ]
    return made, image


def photo_square(path: Path, box: Box | None, border: Border, size: int) -> Image.Image:
    """The square picture of one photo (RGB, `size` x `size`). Raises UserError that names `path`."""
    if not path.is_file():
        raise UserError(f"{path}: no such photo.", "Give the path of a picture file.")
    try:
        result = photo_squares(path, [box], border, size)[0]
    except UserError as error:
        raise UserError(f"{path} {error.what}", error.remedy) from None
    if isinstance(result, UserError):
        raise UserError(f"{path}: {result.what}", result.remedy)
    return result[1]


def _crop(box: Box | None, width: int, height: int, border: Border) -> Crop | UserError:
    if box is None:
        return whole_photo(width, height)
    try:
        return square_crop(usable_box(box, width, height), width, height, border)
    except UserError as error:
        return error


def _cut(image: Image.Image, crop: Crop, full: tuple[int, int], scale: tuple[float, float], size: int) -> Image.Image:
    """Scales the part of `crop` that lies in the photo and lays it on black. `image` is the photo of `full` width and
    height in pixels, times `scale`. Only the visible part is filtered, so the black does not bleed into it.
    """
    visible = [(max(start, 0), min(start + crop.side, end)) for start, end in zip((crop.x, crop.y), full, strict=True)]
    placed = [
        (round((low - start) * size / crop.side), round((high - start) * size / crop.side))
        for (low, high), start in zip(visible, (crop.x, crop.y), strict=True)
    ]
    (left, right), (top, bottom) = placed
    region = image.resize(
        (max(right - left, 1), max(bottom - top, 1)),
        Image.Resampling.LANCZOS,
        box=(visible[0][0] * scale[0], visible[1][0] * scale[1], visible[0][1] * scale[0], visible[1][1] * scale[1]),
        reducing_gap=3.0,
    )
    if region.size == (size, size):
        return region
    canvas = Image.new("RGB", (size, size))
    canvas.paste(region, (min(left, size - 1), min(top, size - 1)))
    return canvas
