"""Bodies as layouts see them: the points that bound one, its centre of mass, how it can lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from render.parts.geometry import Geometry
from render.scenes.description import ShapeName
from render.views.placing import placed_poses
from render.views.resting_poses import UPRIGHT, RestingPose, centre_of_mass

Array = NDArray[np.float64]

FACETS = 48
"""Of round shapes."""


@dataclass(frozen=True)
class Solid:
    """One body in its own frame, mm: `hull` (n, 3), the points that bound it, its centre of `mass` (3,) and the poses
    in which it comes to lie.
    """

    hull: Array
    mass: Array
    poses: tuple[RestingPose, ...]

    @property
    def size_mm(self) -> float:
        """Its longest side."""
        return float(np.ptp(self.hull, axis=0).max())


def part_solid(geometry: Geometry) -> Solid:
    """A part in the frame of its CAD file."""
    size = float(geometry.size_mm.max())
    hull = geometry.outer_points * size + geometry.centre_mm
    return Solid(hull, centre_of_mass(geometry) * size + geometry.centre_mm, placed_poses(geometry))


def shape_solid(shape: ShapeName, size_mm: tuple[float, float, float]) -> Solid:
    """A plain shape around its own origin; it lies as it was made."""
    vertices, _ = shape_mesh(shape)
    return Solid(vertices * np.array(size_mm), np.zeros(3), UPRIGHT)


def shape_mesh(shape: ShapeName) -> tuple[Array, list[tuple[int, ...]]]:
    """Vertices (n, 3) and faces of a shape that fills the cube of side 1 around the origin."""
    if shape == "box":
        corners = np.array([(x, y, z) for z in (-0.5, 0.5) for y in (-0.5, 0.5) for x in (-0.5, 0.5)])
        return corners, [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
    if shape == "ball":
        return _lathe([(np.sin(angle) / 2, -np.cos(angle) / 2) for angle in np.linspace(0, np.pi, FACETS // 2)])
    top = 0.5 if shape == "cylinder" else 0.0
    return _lathe([(0.0, -0.5), (0.5, -0.5), (top, 0.5), (0.0, 0.5)])


def _lathe(profile: list[tuple[float, float]]) -> tuple[Array, list[tuple[int, ...]]]:
    """The profile's points (radius, height), turned around z."""
    angles = np.arange(FACETS) * (2 * np.pi / FACETS)
    rings = [np.stack([r * np.cos(angles), r * np.sin(angles), np.full(FACETS, h)], axis=1) for r, h in profile]
    faces = [
        (ring * FACETS + step, ring * FACETS + (step + 1) % FACETS, next_ + (step + 1) % FACETS, next_ + step)
        for ring, next_ in ((ring, (ring + 1) * FACETS) for ring in range(len(profile) - 1))
        for step in range(FACETS)
    ]
    return np.concatenate(rings), list(faces)
