"""Resting poses: how a part can lie on a table, and how often it comes to lie that way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from render.geometry import Geometry

MAX_HULL_POINTS = 2000
MAX_POSES = 64
RARE = 0.005
"""Poses less probable than this are left out."""


@dataclass(frozen=True)
class RestingPose:
    """`rotation` (3, 3) turns CAD coordinates so that the part lies on the plane z = const; `probability` sums to 1."""

    rotation: NDArray[np.float64]
    probability: float


UPRIGHT = (RestingPose(np.eye(3), 1.0),)


def resting_poses(geometry: Geometry) -> tuple[RestingPose, ...]:
    """The stable poses of a part, most probable first; as it stands in its CAD file where it has none (a sheet)."""
    import trimesh
    from scipy.spatial import QhullError

    points = (geometry.points - geometry.centre_mm) / float(geometry.size_mm.max())
    try:
        hull = trimesh.convex.convex_hull(points)
        if len(hull.vertices) > MAX_HULL_POINTS:
            # Evenly over the hull, always the same: thousands of points on a fine round part change nothing.
            chosen = np.linspace(0, len(hull.vertices) - 1, MAX_HULL_POINTS).astype(int)
            hull = trimesh.convex.convex_hull(hull.vertices[chosen])
        transforms, probabilities = trimesh.poses.compute_stable_poses(
            hull, center_mass=_centre_of_mass(geometry), threshold=RARE
        )
    except (QhullError, ValueError, IndexError, ZeroDivisionError, np.linalg.LinAlgError):
        return UPRIGHT
    transforms, probabilities = transforms[:MAX_POSES], probabilities[:MAX_POSES]
    if not len(probabilities) or not np.isfinite(probabilities).all() or probabilities.sum() <= 0:
        return UPRIGHT
    probabilities = probabilities / probabilities.sum()
    return tuple(
        RestingPose(np.asarray(t[:3, :3], np.float64), float(p)) for t, p in zip(transforms, probabilities, strict=True)
    )


def _centre_of_mass(geometry: Geometry) -> NDArray[np.float64]:
    """Centre of mass in the hull's frame: of the volume where the bodies enclose one, else of the surface."""
    import trimesh

    size = float(geometry.size_mm.max())
    weights, centres = [], []
    for body in geometry.bodies:
        mesh = trimesh.Trimesh((body.vertices - geometry.centre_mm) / size, body.triangles, process=False)
        closed = mesh.is_watertight and mesh.volume > 0
        weights.append(float(mesh.volume) if closed else float(mesh.area) * 0.02)
        centres.append(np.asarray(mesh.center_mass if closed else mesh.centroid))
    return np.average(np.array(centres), axis=0, weights=weights)
