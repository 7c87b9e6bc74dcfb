"""Bodies whose distance to any point is known exactly, so that what layouts do can be judged without their own code."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import trimesh
from numpy.typing import NDArray

from render.parts.geometry import Body, Geometry
from render.scenes.description import Pose

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Known:
    """A mesh and `distance` (n, 3) -> (n,), negative inside; `points` (k, 3) lie close together on its surface."""

    mesh: trimesh.Trimesh
    distance: Callable[[Array], Array]
    points: Array

    @property
    def geometry(self) -> Geometry:
        triangles = np.asarray(self.mesh.faces, np.int32)
        return Geometry((Body("body", np.asarray(self.mesh.vertices, float), triangles),))

    @property
    def size(self) -> float:
        return float(np.ptp(self.mesh.vertices, axis=0).max())


def _known(mesh: trimesh.Trimesh, distance: Callable[[Array], Array]) -> Known:
    points, _ = trimesh.sample.sample_surface(mesh, 4000, seed=0)
    edges = mesh.vertices[mesh.edges_unique]
    between = [edges[:, 0] + (edges[:, 1] - edges[:, 0]) * share for share in np.linspace(0, 1, 60)]
    return Known(mesh, distance, np.concatenate([points, *between]))


def _box_distance(inside: Array) -> Array:
    """Of points whose distances beyond each pair of sides are `inside` (n, d)."""
    outside: Array = np.linalg.norm(np.maximum(inside, 0), axis=1) + np.minimum(inside.max(axis=1), 0)
    return outside


def plate() -> Known:
    sides = np.array([40.0, 20.0, 4.0])
    return _known(trimesh.creation.box(sides), lambda points: _box_distance(np.abs(points) - sides / 2))


def rod() -> Known:
    mesh = trimesh.creation.cylinder(5, 30, sections=96)
    return _known(mesh, lambda p: _box_distance(np.stack([np.hypot(p[:, 0], p[:, 1]) - 5, np.abs(p[:, 2]) - 15], 1)))


def ring() -> Known:
    mesh = trimesh.creation.annulus(6, 10, 3, sections=96)

    def distance(p: Array) -> Array:
        radius = np.hypot(p[:, 0], p[:, 1])
        return _box_distance(np.stack([np.abs(radius - 8) - 2, np.abs(p[:, 2]) - 1.5], 1))

    return _known(mesh, distance)


def gaps(bodies: list[Known], poses: list[Pose]) -> tuple[list[float], float]:
    """For each body how far it is from whatever is nearest (the ground z = 0 counts), as a share of its size; and how
    deep any goes into another or the ground, as a share of the smaller one's size.
    """
    nearest, deepest = [], 0.0
    for one, pose in zip(bodies, poses, strict=True):
        here = pose(one.points)
        floor = float(here[:, 2].min())
        gap, deepest = floor, max(deepest, -floor / one.size)
        for other, place in zip(bodies, poses, strict=True):
            if place is pose:
                continue
            between = float(other.distance((here - place.translation) @ place.rotation).min())
            gap = min(gap, between)
            deepest = max(deepest, -between / min(one.size, other.size))
        nearest.append(gap / one.size)
    return nearest, deepest
