"""Pictures for the report: small JPEGs inside the page itself, so that it needs no other file."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from PIL import Image

BACKDROP = (238, 240, 243)  # behind a render's alpha: light in both themes, so that dark and bright parts stand out
QUALITY = 82


class Thumbnails:
    """Makes thumbnails of `side` pixels of the pictures below some folder; each is read once."""

    def __init__(self, side: int) -> None:
        self.side = side
        self._made: dict[Path, str] = {}

    def inline(self, folder: Path, name: str) -> str:
        """The picture `name` of `folder` as a data URI; empty when it is missing, damaged or outside `folder`."""
        path = folder / name
        if path not in self._made:
            inside = path.resolve().is_relative_to(folder.resolve())
            self._made[path] = self._thumbnail(path) if inside else ""
        return self._made[path]

    def _thumbnail(self, path: Path) -> str:
        try:
            with Image.open(path, formats=("JPEG", "PNG")) as image:
                image.draft(None, (self.side, self.side))
                small = image.convert("RGBA") if image.has_transparency_data else image.convert("RGB")
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            return ""
        small.thumbnail((self.side, self.side), Image.Resampling.LANCZOS)
        if small.mode == "RGBA":
            small = Image.alpha_composite(Image.new("RGBA", small.size, BACKDROP), small).convert("RGB")
        return data_uri(small, QUALITY)


def data_uri(picture: Image.Image, quality: int) -> str:
    """The picture (RGB) as a JPEG within a page."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
