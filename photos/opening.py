"""Opens photos that nobody has checked: any usual format, upright, 8-bit RGB, never more pixels than fit in memory."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from PIL import Image, UnidentifiedImageError

from cad2real.errors import UserError
from photos.colours import to_srgb
from photos.containers import check_header, open_other
from photos.crop import Box
from photos.pixels import LARGE_BYTES, decoded_bytes, to_rgb

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "PPM")  # no format that runs code, such as EPS
MAX_PIXELS = 150_000_000
LEAST_SIDE_PX = 8
ORIENTATION = 0x0112
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDES_CHANGE = (5, 6, 7, 8)
"""Orientations whose upright picture is as wide as the stored one is high."""
RAW_SUFFIXES = {".arw", ".cr2", ".cr3", ".dng", ".nef", ".orf", ".raf", ".rw2"}  # some open as a tiny preview


@dataclass
class Photo:
    """An opened photo: `width` and `height` of the upright picture in pixels; `read` decodes it."""

    image: Image.Image
    orientation: int
    width: int
    height: int

    def read(self, share: float = 1.0, as_srgb: bool = True) -> Image.Image:
        """The upright picture as RGB, at least `share` (0 to 1] of its size: large JPEGs are decoded smaller, which is
        several times faster, and what is very large is made smaller. The photo is used up by it. Without `as_srgb` it
        keeps its own colours, for a caller that gives the little that it needs to `srgb`. Raises UserError when the
        file is damaged.
        """
        try:
            if share < 1 and self.image.format in ("JPEG", "MPO"):
                width, height = self.image.size
                self.image.draft(None, (max(1, int(width * share)), max(1, int(height * share))))
            self.image.load()
            image = to_rgb(self.image, share)
            image = self.srgb(image) if as_srgb else image
        except (UserError, MemoryError):
            raise
        except Exception as error:  # each decoder has its own exceptions, and some only show in the conversion
            raise _damaged(error) from None
        if image is not self.image:
            self.image.close()  # frees what was decoded
        return image.transpose(UPRIGHT[self.orientation]) if self.orientation in UPRIGHT else image

    def srgb(self, image: Image.Image) -> Image.Image:
        """`image`, a piece of what was read, as sRGB."""
        return to_srgb(image, self.image.info.get("icc_profile")) if self.image.mode == "RGB" else image


@dataclass(frozen=True)
class Frame:
    """Width and height of a photo in pixels, as it is `stored` and `upright`, and the EXIF orientation between them."""

    stored: tuple[int, int]
    orientation: int

    @property
    def upright(self) -> tuple[int, int]:
        width, height = self.stored
        return (height, width) if self.orientation in SIDES_CHANGE else (width, height)

    @property
    def is_turned(self) -> bool:
        return self.orientation in UPRIGHT

    def ways(self) -> list[tuple[str, tuple[int, int]]]:
        return [("upright", self.upright), ("stored", self.stored)]

    def turned_upright(self, box: Box) -> Box:
        """`box` of the stored picture in pixels of the upright one.

        >>> Frame((40, 30), orientation=6).turned_upright(Box(0, 0, 10, 5))
        Box(x_min=25, y_min=0, x_max=30, y_max=10)
        """
        left, top, right, bottom = box.x_min, box.y_min, box.x_max, box.y_max
        width, height = self.stored
        if self.orientation in (2, 3, 7, 8):
            left, right = width - right, width - left
        if self.orientation in (3, 4, 6, 7):
            top, bottom = height - bottom, height - top
        return Box(top, left, bottom, right) if self.orientation in SIDES_CHANGE else Box(left, top, right, bottom)


def photo_frame(path: Path) -> Frame:
    """Size and orientation of the photo at `path`, by its header where that is enough. Raises UserError."""
    with _opened(path) as image:
        if image.format == "TIFF":  # its size is already that of the upright picture
            turned = _orientation(image) in SIDES_CHANGE
            return Frame((image.size[turned], image.size[not turned]), _orientation(image))
        if image.format == "PNG" and path.stat().st_size < LARGE_BYTES and b"eXIf" in path.read_bytes():
            with open_photo(path) as photo:  # its EXIF may stand at its end
                return Frame(photo.image.size, photo.orientation)
        return Frame(image.size, 1 if image.format == "PNG" else _orientation(image))


_one_large_photo = Lock()


@contextmanager
def open_photo(path: Path) -> Iterator[Photo]:
    """Opens `path` and checks its header. Raises UserError (it does not name the file) when it is no usable photo.

    Threads may open photos at the same time; of very large ones only one is open at a time.
    """
    with _opened(path) as image:
        if image.width * image.height > MAX_PIXELS:
            raise UserError(f"is {image.width}x{image.height} pixels, which is too large.", _smaller())
        if min(image.size) < LEAST_SIDE_PX:
            raise UserError(f"is {image.width}x{image.height} pixels, which is too small.", "Use the original photo.")
        with _one_large_photo if decoded_bytes(image) > LARGE_BYTES else nullcontext():
            try:
                if image.format not in ("JPEG", "MPO"):
                    image.load()  # TIFF turns itself upright here, PNG may keep its EXIF at the end
            except MemoryError:
                raise
            except Exception as error:
                raise _damaged(error) from None
            orientation = _orientation(image)
            turned = orientation in SIDES_CHANGE
            yield Photo(image, orientation, image.size[turned], image.size[not turned])


def _opened(path: Path) -> Image.Image:
    """The picture with its header read. Raises UserError."""
    if path.suffix.lower() in RAW_SUFFIXES:
        raise UserError("is a camera's raw file, which is not supported.", "Export it as JPEG.")
    check_header(path)
    # Pillow's warnings would reach the terminal; its limit of pixels is wider than the one below.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    try:
        return Image.open(path, formats=FORMATS)
    except Image.DecompressionBombError:
        raise UserError("has far too many pixels.", _smaller()) from None
    except UnidentifiedImageError:
        return _opened_otherwise(path)
    except Exception as error:
        raise _damaged(error) from None


def _opened_otherwise(path: Path) -> Image.Image:
    try:
        image = open_other(path)
    except UserError:
        raise
    except UnidentifiedImageError:  # its words name the file, which may be a server's own
        raise UserError("is damaged or incomplete.", "Copy it again or take it out.") from None
    except Exception as error:
        raise _damaged(error) from None
    if image is None:
        raise _not_a_picture(path)
    return image


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:  # damaged EXIF: the picture itself may be fine
        return 1


def _smaller() -> str:
    return f"Scale it down: at most {MAX_PIXELS // 1_000_000} megapixels are read."


def _damaged(error: Exception) -> UserError:
    detail = " ".join(str(error).split()) or type(error).__name__
    return UserError(f"is damaged or incomplete ({detail}).", "Copy it again or take it out.")


def _not_a_picture(path: Path) -> UserError:
    with path.open("rb") as file:
        start = file.read(12)
    if not start:
        return UserError("is empty.", "Copy it again or take it out.")
    return UserError("is not a picture that can be read.", "Use JPEG, PNG, TIFF, WebP, HEIC, BMP or GIF.")
