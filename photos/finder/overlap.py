"""How much of two boxes is the same."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def overlaps(one: Floats, other: Floats) -> Floats:
    """(n, m) intersection over union of boxes (n, 4) and (m, 4)."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    both = np.prod(np.maximum(high - low, 0), axis=2)
    areas = [np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1) for boxes in (one, other)]
    union = areas[0][:, None] + areas[1][None] - both
    shared: Floats = (both / np.maximum(union, 1e-9)).astype(np.float32)
    return shared
