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
from photos.pixels import LARGE_BYTES, decoded_bytes, to_rgb

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM")  # no format that runs code, such as EPS
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
RAW_SUFFIXES = {".arw", ".cr2", ".cr3", ".dng", ".nef", ".orf", ".raf", ".rw2"}  # some open as a tiny preview
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif", b"avis")


@dataclass
class Photo:
    """An opened photo: `width` and `height` of the upright picture in pixels; `read` decodes it."""

    image: Image.Image
    orientation: int
    width: int
    height: int

    def read(self, share: float = 1.0) -> Image.Image:
        """The upright picture as RGB, at least `share` (0 to 1] of its size: large JPEGs are decoded smaller, which is
        several times faster, and what is very large is made smaller. The photo is used up by it. Raises UserError when
        the file is damaged.
        """
        try:
            if share < 1 and self.image.format in ("JPEG", "MPO"):
                width, height = self.image.size
                self.image.draft(None, (max(1, int(width * share)), max(1, int(height * share))))
            self.image.load()
            image = to_rgb(self.image, share)
        except (UserError, MemoryError):
            raise
        except Exception as error:  # each decoder has its own exceptions, and some only show in the conversion
            raise _damaged(error) from None
        if image is not self.image:
            self.image.close()  # frees what was decoded
        return image.transpose(UPRIGHT[self.orientation]) if self.orientation in UPRIGHT else image


_one_large_photo = Lock()


@contextmanager
def open_photo(path: Path) -> Iterator[Photo]:
    """Opens `path` and checks its header. Raises UserError (it does not name the file) when it is no usable photo.

    Threads may open photos at the same time; of very large ones only one is open at a time.
    """
    if path.suffix.lower() in RAW_SUFFIXES:
        raise UserError("is a camera's raw file, which is not supported.", "Export it as JPEG.")
    # Pillow's warnings would reach the terminal; its limit of pixels is wider than the one below.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    try:
        image = Image.open(path, formats=FORMATS)
    except Image.DecompressionBombError:
        raise UserError("has far too many pixels.", _smaller()) from None
    except UnidentifiedImageError:
        raise _not_a_picture(path) from None
    except Exception as error:
        raise _damaged(error) from None
    with image:
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
            turned = orientation in (5, 6, 7, 8)
            yield Photo(image, orientation, image.size[turned], image.size[not turned])


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
    if start[4:8] == b"ftyp" and start[8:12] in HEIF_BRANDS:
        return UserError("is HEIC or AVIF, which is not supported.", "Export it as JPEG.")
    return UserError("is not a picture that can be read.", "Use JPEG, PNG, TIFF, WebP, BMP or GIF.")
