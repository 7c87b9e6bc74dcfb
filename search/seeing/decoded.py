"""A photo that is asked about, decoded once: for the finder, the squares and what is written in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PIL import Image

from cad2real.errors import UserError
from photos.opening import Photo, open_photo
from search.naming.codes import READ_PX, Code, codes_in

NEARLY = 0.95  # of the size that is asked for is enough: 1,000 pixels of a photo of 4,000, where 1,024 are


class DecodedPhoto:
    """An upright photo of `width` x `height` pixels; `called`: what it is in faults. A `Readable` of the photos room.

    `picture`: what of it is decoded (RGB, sRGB, perhaps smaller); `again` decodes at least a share (0 to 1] of its size
    anew, where more is asked for; `read_codes` finds what can be read in it, with places as shares of it.
    """

    def __init__(
        self,
        called: str,
        size: tuple[int, int],
        picture: Image.Image,
        again: Callable[[float], Image.Image],
        read_codes: Callable[[], list[Code]],
    ) -> None:
        self.called, (self.width, self.height) = called, size
        self._picture, self._again, self._read_codes = picture, again, read_codes
        self._codes: list[Code] | None = None

    def codes(self) -> list[Code]:
        """What can be read in it, with places in pixels of the upright photo. Raises UserError."""
        if self._codes is None:
            self._codes = self._read_codes()
        return [replace(code, x=code.x * self.width, y=code.y * self.height) for code in self._codes]

    def read(self, share: float = 1.0, as_srgb: bool = True) -> Image.Image:
        """The upright picture in sRGB, at least `share` of its size: halved as often as that allows, as decoders of
        JPEG do, which is far quicker than filtering all of it. Raises UserError.
        """
        needed = share * self.width
        if self._picture.width < min(self.width, int(needed)):
            self._picture = self._again(share)
        factor = 1
        while self._picture.width >= NEARLY * 2 * factor * needed and factor < 8:
            factor *= 2
        return self._picture.reduce(factor) if factor > 1 else self._picture

    def srgb(self, image: Image.Image) -> Image.Image:
        """`image`: what is read is in sRGB."""
        return image


def first_share(width: int, height: int, least: float) -> float:
    """How large a photo is decoded at first: so that codes can be read in it, and at least by `least` of its size."""
    return min(1.0, max(least, READ_PX / max(width, height)))


def decoded_file(path: Path, least: float = 0.0) -> DecodedPhoto:
    """The photo at `path`, decoded by at least `least` of its size. Raises UserError that names what cannot be used."""
    if not path.is_file():
        raise UserError(f"{path}: no such photo.", "Give the path of a picture file.")

    def read(share_of: Callable[[Photo], float]) -> tuple[tuple[int, int], Image.Image]:
        try:
            with open_photo(path) as photo:
                return (photo.width, photo.height), photo.read(share_of(photo))
        except UserError as error:
            raise UserError(f"{path} {error.what}", error.remedy) from None

    size, picture = read(lambda photo: first_share(photo.width, photo.height, least))
    return DecodedPhoto(str(path), size, picture, lambda share: read(lambda photo: share)[1], lambda: codes_in(picture))
