"""Some of many, as if every so many were taken."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def evenly(rows: npt.NDArray[np.int64], most: int) -> npt.NDArray[np.int64]:
    """At most `most` of the rows, evenly from all.

    >>> evenly(np.arange(5), most=3).tolist()
    [0, 1, 3]
    """
    kept = min(len(rows), most)
    return rows[np.arange(kept) * len(rows) // max(1, kept)]
