"""A photo from a client: read within limits, checked by its content, never named by the client."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from cad2real.errors import UserError
from photos.opening import open_photo

MOST_BYTES = 25_000_000  # a photo of 48 megapixels as JPEG
MOST_PIXELS = 60_000_000
KEPT_PX = 1280  # longer side of what is kept for feedback: what the browser sends
KEPT_QUALITY = 88


@dataclass(frozen=True)
class Upload:
    """A photo on disk, as long as its answer is looked for; `width` and `height` of the upright picture in pixels;
    what it is `called` where it is one of several.
    """

    path: Path
    width: int
    height: int
    called: str = ""

    def small(self) -> bytes:
        """The upright photo as a JPEG of at most 1,280 px without its metadata (place, camera)."""
        with open_photo(self.path) as photo:
            picture = photo.read(min(1.0, KEPT_PX / max(self.width, self.height)))
        picture.thumbnail((KEPT_PX, KEPT_PX), Image.Resampling.BICUBIC, reducing_gap=2.0)
        content = io.BytesIO()
        picture.save(content, "JPEG", quality=KEPT_QUALITY)
        return content.getvalue()


@contextmanager
def stored(content: bytes, called: str = "") -> Iterator[Upload]:
    """`content` as a file of our own naming, deleted at the end. Raises UserError for what is no usable photo; it is
    told by its content alone.
    """
    with TemporaryDirectory(prefix="cad2real-photo-") as folder:
        path = Path(folder) / "photo"
        path.write_bytes(content)
        try:
            width, height = _usable_size(path, len(content))
        except UserError as error:
            raise UserError(f"{called} {error.what}".strip(), error.remedy) from None
        yield Upload(path, width, height, called)


def _usable_size(path: Path, length: int) -> tuple[int, int]:
    if length > MOST_BYTES:
        raise UserError(f"is larger than {MOST_BYTES // 1_000_000} MB.", "Scale it down.")
    with open_photo(path) as photo:
        width, height = photo.width, photo.height
    if width * height > MOST_PIXELS:
        most = MOST_PIXELS // 1_000_000
        raise UserError(f"is {width}x{height} pixels; at most {most} megapixels are taken.", "Scale it down.")
    return width, height
