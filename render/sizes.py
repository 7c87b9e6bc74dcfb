"""How many bytes a view takes on disk, before it is rendered: for checks of free space and for plans."""

from __future__ import annotations

from collections.abc import Iterable

from render.params import Output

PICTURE = 1.0
"""Bytes a pixel of the frame. Measured on the sample: 0.2 (a thin ring) to 0.8 (a bearing), 0.44 on average."""
PASSES: dict[Output, float] = {"depth": 12.2, "normals": 0.2, "mask": 0.02, "bodies": 0.02}
"""The same for each pass; depth is a float EXR beside a 16-bit PNG."""
WORDS = 700
"""Bytes of a view's entry in part.json."""


def view_bytes(size: int, outputs: Iterable[Output]) -> float:
    """Bytes of one view of `size` x `size` pixels with these passes, generously."""
    return WORDS + size**2 * (PICTURE + sum(PASSES[output] for output in outputs))
