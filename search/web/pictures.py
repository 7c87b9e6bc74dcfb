"""Views of parts for the page: only those that the index names, as they are or as thumbnails."""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path

from PIL import Image

from search.index import Index

THUMBNAIL_PX = 240
KEPT = 2000  # thumbnails in memory, some 5 kB each


def views_of(index: Index, part: int) -> list[str]:
    """The views of a part by its number, in the order of their names."""
    return sorted(index.views[row] for row in (index.part_rows == part).nonzero()[0])


def thumbnail(path: Path) -> bytes:
    """A view as a small WebP with its transparency. Raises OSError when it cannot be read."""
    return _thumbnail(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=KEPT)
def _thumbnail(path: Path, changed: int) -> bytes:
    content = io.BytesIO()
    with Image.open(path, formats=("PNG",)) as picture:
        picture.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.BICUBIC, reducing_gap=2.0)
        picture.save(content, "WEBP", quality=82)
    return content.getvalue()
