"""A photo from a client: told by its content alone, decoded within limits, never named by the client."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial

from PIL import Image

from cad2real.errors import UserError
from search.seeing.decoded import DecodedPhoto
from search.seeing.guarded_photos import PhotoGuard

MOST_BYTES = 25_000_000  # a photo of 48 megapixels as JPEG
KEPT_PX = 1280  # longer side of what is kept for feedback: what the browser sends
KEPT_QUALITY = 88


class Upload:
    """The `content` of a photo's file, decoded by the `guard`; `called`: what it is where it is one of several."""

    def __init__(self, guard: PhotoGuard, content: bytes, called: str = "") -> None:
        self._guard, self._content, self._called = guard, content, called
        self._photo: DecodedPhoto | None = None

    def decoded(self, least: float = 0.0) -> DecodedPhoto:
        """The photo, decoded at least by `least` of its size. Raises UserError for what is no usable photo."""
        if self._photo is None:
            if len(self._content) > MOST_BYTES:
                what = f"{self._called} is larger than {MOST_BYTES // 1_000_000} MB.".strip()
                raise UserError(what, "Scale it down.")
            self._photo = self._guard.decoded(self._content, self._called, least)
        return self._photo

    def kept(self) -> Callable[[], bytes]:
        """What makes, in whichever thread, the upright photo into a JPEG of at most 1,280 px without its metadata
        (place, camera).
        """
        photo = self.decoded()
        return partial(small_jpeg, photo.read(min(1.0, KEPT_PX / max(photo.width, photo.height))))


def small_jpeg(picture: Image.Image) -> bytes:
    """`picture` as a JPEG of at most 1,280 px."""
    factor = KEPT_PX / max(picture.size)
    if factor < 1:
        sides = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
        picture = picture.resize(sides, Image.Resampling.BILINEAR, reducing_gap=2.0)
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=KEPT_QUALITY)
    return content.getvalue()
