"""How many bytes a view takes on disk, before it is rendered: for checks of free space and for plans."""

from __future__ import annotations

from collections.abc import Iterable

from render.params import BackgroundMode, Output

PICTURE = 1.0
"""Bytes a pixel of the frame. Measured on the sample: 0.2 (a thin ring) to 0.8 (a bearing), 0.44 on average."""
BAKED = 3.1
"""The same of an opaque picture with a background, and of its alpha beside it. Noisy photos take all of it."""
PASSES: dict[Output, float] = {"depth": 12.2, "normals": 0.2, "mask": 0.02, "bodies": 0.02}
"""The same for each pass; depth is a float EXR beside a 16-bit PNG."""
WORDS = 700
"""Bytes of a view's entry in part.json."""


def view_bytes(size: int, outputs: Iterable[Output], background: BackgroundMode) -> float:
    """Bytes of one view of `size` x `size` pixels with these passes, generously.

    >>> round(view_bytes(512, outputs=(), background="transparent") / 1e6, 1)  # MB
    0.3
    >>> round(view_bytes(512, outputs=("depth", "mask"), background="transparent") / 1e6, 1)
    3.5
    """
    picture = PICTURE if background == "transparent" else BAKED
    return WORDS + size**2 * (picture + sum(PASSES[output] for output in outputs))
