"""Parts scattered on a table: each in a pose in which it rests, turned at random, and none in another's footprint."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from render.scenes.description import Pose
from render.scenes.solids import Solid

Array = NDArray[np.float64]

CROWDED, LOOSE = 1.3, 5.0
"""The table's area over that of all bodies' surrounding circles: range that is drawn from."""
TRIES = 80
"""Places that are tried for a body before it is left out."""
GAP = 0.01
"""Least distance of two footprints, as a share of the smaller body's size."""


def scattered(solids: Sequence[Solid], rng: np.random.Generator) -> list[Pose | None]:
    """Where each of `solids` lies on the plane z = 0; None where it found no room. Large ones are laid first."""
    radii = [np.ptp(solid.hull, axis=0).max() / 2 for solid in solids]
    area = sum(math.pi * radius**2 for radius in radii) * math.exp(rng.uniform(math.log(CROWDED), math.log(LOOSE)))
    half = max([math.sqrt(area) / 2, *radii])
    placed: list[tuple[Array, float]] = []
    poses: list[Pose | None] = [None] * len(solids)
    for index in sorted(range(len(solids)), key=lambda one: (-radii[one], one)):
        solid = solids[index]
        rotation = _turned(rng.uniform(0, 2 * math.pi)) @ _resting(solid, rng)
        lying = solid.hull @ rotation.T
        outline = outline_of(lying[:, :2])
        for _ in range(TRIES):
            place = rng.uniform(-half, half, 2) - (lying[:, :2].min(0) + lying[:, :2].max(0)) / 2
            there = outline + place
            if all(apart(there, other, GAP * min(radii[index], radius) * 2) for other, radius in placed):
                placed.append((there, radii[index]))
                poses[index] = Pose(rotation, np.array([*place, -lying[:, 2].min()]))
                break
    return poses


def outline_of(points: Array) -> Array:
    """The convex outline (m, 2) of points (n, 2), going around; their rectangle where they lie on a line."""
    from scipy.spatial import ConvexHull, QhullError

    try:
        outline: Array = points[ConvexHull(points).vertices]
    except QhullError:
        (left, low), (right, high) = points.min(0), points.max(0)
        outline = np.array([(left, low), (right, low), (right, high), (left, high)])
    return outline


def apart(one: Array, other: Array, gap: float) -> bool:
    """Whether two convex outlines (n, 2) and (m, 2) are `gap` or more apart along the normal of one of their edges.

    >>> square = np.array([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)])
    >>> apart(square, square + (1.5, 0.0), gap=0.4), apart(square, square + (0.5, 0.0), gap=0.0)
    (True, False)
    """
    edges = np.concatenate([np.roll(outline, -1, axis=0) - outline for outline in (one, other)])
    normals = np.stack([edges[:, 1], -edges[:, 0]])
    normals = normals / np.maximum(np.linalg.norm(normals, axis=0), 1e-12)
    first, second = one @ normals, other @ normals
    between = np.maximum(second.min(0) - first.max(0), first.min(0) - second.max(0))
    return bool(between.max() >= gap)


def _resting(solid: Solid, rng: np.random.Generator) -> Array:
    shares = np.array([pose.probability for pose in solid.poses])
    rotation: Array = solid.poses[int(rng.choice(len(shares), p=shares / shares.sum()))].rotation
    return rotation


def _turned(angle: float) -> Array:
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
