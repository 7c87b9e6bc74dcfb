"""The few points of a part that its convex hull needs: what is done with hulls is then quick for any mesh."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MAX_POINTS = 20_000
"""Above this many points the hull is built from the outermost ones only."""
DIRECTIONS = 2048
"""Directions in which the outermost points are looked for."""
DIRECTIONS_AT_ONCE = 16

Array = NDArray[np.float64]


def hull_candidates(points: Array) -> Array:
    """The points (n, 3) that can be corners of the convex hull: all, or of very many the outermost in some direction,
    which hardly changes the hull.
    """
    if len(points) <= MAX_POINTS:
        return points
    steps = np.arange(DIRECTIONS) + 0.5
    z = 1 - 2 * steps / DIRECTIONS
    azimuth = np.pi * (1 + 5**0.5) * steps
    radius = np.sqrt(1 - z * z)
    directions = np.stack([radius * np.cos(azimuth), radius * np.sin(azimuth), z])
    chunks = np.array_split(points, -(-len(points) // MAX_POINTS))
    kept = np.concatenate([chunk[_farthest(chunk, directions)] for chunk in chunks])
    outer: Array = kept[_farthest(kept, directions)]
    return outer


def _farthest(points: Array, directions: Array) -> NDArray[np.int64]:
    """Numbers of the points that are farthest in some direction (3, k). A few at a time: all at once take 300 MB."""
    blocks = np.split(directions, DIRECTIONS // DIRECTIONS_AT_ONCE, axis=1)
    return np.unique(np.concatenate([(points @ block).argmax(0) for block in blocks]))
