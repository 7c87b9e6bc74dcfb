"""How far bodies stand apart, by their own triangles: let down until they touch, and whether one goes into another.

Distances along the vertical come from rays between surfaces, so they hold for rings and hooks, whose hulls are full.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from mathutils import Vector
from mathutils.bvhtree import BVHTree
from numpy.typing import NDArray

from render.scenes.description import Pose

Array = NDArray[np.float64]

SPACING = 0.02
"""Of the points that a surface is tried at, as a share of the body's size."""
MOST_POINTS = 1500
DOWN = Vector((0.0, 0.0, -1.0))
UP = Vector((0.0, 0.0, 1.0))


@dataclass(frozen=True)
class Surface:
    """A body's triangles in its own frame (mm): `vertices` (n, 3), `triangles` (m, 3), and `samples` (k, 3) on them."""

    vertices: Array
    triangles: NDArray[np.int64]
    samples: Array

    @classmethod
    def of(cls, vertices: Array, triangles: NDArray[np.int64]) -> Surface:
        return cls(vertices, triangles, surface_samples(vertices, triangles))

    @property
    def size_mm(self) -> float:
        return float(np.ptp(self.vertices, axis=0).max())


@dataclass
class Placed:
    """A surface where it lies: its points in the world, and its tree there."""

    surface: Surface
    pose: Pose

    def __post_init__(self) -> None:
        self.points = self.pose(self.surface.samples)
        corners = self.pose(self.surface.vertices)
        self.lower, self.upper = corners.min(0), corners.max(0)
        self.tree = BVHTree.FromPolygons(corners.tolist(), self.surface.triangles.tolist())

    def shifted(self, height: float) -> Placed:
        """The same, `height` mm higher."""
        return Placed(self.surface, Pose(self.pose.rotation, self.pose.translation + np.array([0.0, 0.0, height])))


def surface_samples(vertices: Array, triangles: NDArray[np.int64]) -> Array:
    """Points (k, 3) spread over a surface: its vertices, and points along its edges that are longer than SPACING."""
    step = SPACING * float(np.ptp(vertices, axis=0).max())
    edges = np.unique(np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1), axis=0)
    starts, ends = vertices[edges[:, 0]], vertices[edges[:, 1]]
    counts = np.ceil(np.linalg.norm(ends - starts, axis=1) / step).astype(int)
    between = [
        start + (end - start) * (np.arange(1, count) / count)[:, None]
        for start, end, count in zip(starts, ends, np.minimum(counts, 60), strict=True)
        if count > 1
    ]
    points = np.concatenate([vertices, *between])
    cells = np.unique(np.round(points / step).astype(np.int64), axis=0, return_index=True)[1]
    kept = points[np.sort(cells)]
    return kept if len(kept) <= MOST_POINTS else kept[:: -(-len(kept) // MOST_POINTS)]


def clearance_below(body: Placed, others: list[Placed], floor: float) -> float:
    """How far `body` can be let down (mm) until it touches the `floor` or one of `others`, which it must not touch."""
    least = float(body.lower[2]) - floor
    for other in others:
        if other.lower[2] >= body.upper[2] or not _over(body, other):
            continue
        for point in _within(body.points, other):
            hit = other.tree.ray_cast(Vector(point), DOWN, least)[3]
            if hit is not None:
                least = min(least, hit)
        for point in _within(other.points, body):
            hit = body.tree.ray_cast(Vector(point), UP, least)[3]
            if hit is not None:
                least = min(least, hit)
    return least


def depth_inside(body: Placed, other: Placed) -> float:
    """How deep (mm) a point of `body`'s surface lies in `other`, 0 where none does; open surfaces have no inside."""
    deepest = 0.0
    for point in _within(body.points, other, vertical=True):
        nearest, normal, _, distance = other.tree.find_nearest(Vector(point))
        if nearest is not None and distance > deepest and (Vector(point) - nearest).dot(normal) < 0:
            deepest = float(distance) if _is_inside(Vector(point), other.tree) else deepest
    return deepest


def _is_inside(point: Vector, tree: BVHTree) -> bool:
    """Whether a point is enclosed: rays up and down both meet a surface from behind."""
    for direction in (UP, DOWN):
        hit, normal, _, _ = tree.ray_cast(point, direction)
        if hit is None or normal.dot(direction) <= 0:
            return False
    return True


def _over(body: Placed, other: Placed) -> bool:
    return bool((body.lower[:2] < other.upper[:2]).all() and (other.lower[:2] < body.upper[:2]).all())


def _within(points: Array, other: Placed, vertical: bool = False) -> Array:
    """The points above, below or in the box around `other`; `vertical`: in it only."""
    axes = slice(0, 3 if vertical else 2)
    inside = (points[:, axes] > other.lower[axes]) & (points[:, axes] < other.upper[axes])
    return points[inside.all(axis=1)]
