"""Resting poses: how a part can lie on a table, and how often it comes to lie that way.

A part dropped at random meets the table with each facet of its convex hull as often as the facet fills directions seen
from the centre of mass. It stays there if the centre of mass stands above the facet, else it topples over an edge to
the next one: its share goes to where it ends (Goldberg et al., Part pose statistics, 1999).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from render.parts.geometry import Geometry

MAX_POSES = 64
RARE = 0.002
"""Poses less probable than this are left out."""
FLAT = 1e-6
"""Thickness over size below which a part is a sheet, which has no hull."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class RestingPose:
    """`rotation` (3, 3) turns CAD coordinates so that the part lies on the plane z = const; `probability` sums to 1."""

    rotation: Array
    probability: float


UPRIGHT = (RestingPose(np.eye(3), 1.0),)


def resting_poses(geometry: Geometry) -> tuple[RestingPose, ...]:
    """The stable poses of a part, most probable first; as it stands in its CAD file where it has none."""
    from scipy.spatial import ConvexHull, QhullError

    points = geometry.outer_points
    _, thickness, axes = np.linalg.svd(points - points.mean(0), full_matrices=False)
    if thickness[2] <= FLAT * thickness[0]:
        return RestingPose(_upright(axes[2]), 0.5), RestingPose(_upright(-axes[2]), 0.5)
    try:
        hull = ConvexHull(points)
    except QhullError:
        return UPRIGHT
    centre = centre_of_mass(geometry)
    corners = points[hull.simplices] - centre
    normals = hull.equations[:, :3]
    landing = _landing(corners, normals, hull.neighbors)
    shares: dict[tuple[float, ...], float] = {}
    for share, facet in zip(_solid_angles(corners), landing, strict=True):
        normal = tuple(np.round(normals[facet], 3))  # triangles of one flat face count together
        shares[normal] = shares.get(normal, 0.0) + float(share)
    whole = sum(shares.values())
    usual = sorted(((share, normal) for normal, share in shares.items() if share >= RARE * whole), reverse=True)
    usual = usual[:MAX_POSES]
    total = sum(share for share, _ in usual)
    return tuple(RestingPose(_upright(np.array(normal)), share / total) for share, normal in usual) or UPRIGHT


def _landing(corners: Array, normals: Array, neighbours: NDArray[np.int32]) -> NDArray[np.int64]:
    """For each hull triangle the one that the part ends on when it is put on it. The centre of mass is the origin."""
    heights = (corners[:, 0] * normals).sum(1)
    feet = normals * heights[:, None]
    worst = np.full(len(corners), 1e-9)
    follower = np.arange(len(corners))
    for corner in range(3):
        a, b = corners[:, (corner + 1) % 3], corners[:, (corner + 2) % 3]
        inward = np.cross(normals, b - a)
        inward *= np.sign((inward * (corners[:, corner] - a)).sum(1))[:, None]
        inward /= np.maximum(np.linalg.norm(inward, axis=1, keepdims=True), 1e-12)
        outside = -(inward * (feet - a)).sum(1)
        over = outside > worst
        worst[over], follower[over] = outside[over], neighbours[over, corner]
    landing = follower
    # Each topple lowers the centre of mass or stays in one plane; doubling the steps reaches the end in a few rounds.
    for _ in range(len(corners).bit_length() + 1):
        landing = landing[landing]
    return landing


def _solid_angles(corners: Array) -> Array:
    """Of triangles (n, 3, 3) seen from the origin (Van Oosterom and Strackee, 1983)."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    la, lb, lc = (np.linalg.norm(side, axis=1) for side in (a, b, c))
    volume = np.abs((a * np.cross(b, c)).sum(1))
    below = la * lb * lc + (a * b).sum(1) * lc + (a * c).sum(1) * lb + (b * c).sum(1) * la
    angles: Array = 2 * np.arctan2(volume, below)
    return angles


def _upright(down: Array) -> Array:
    """A rotation (3, 3) that turns the unit vector `down` to -z."""
    down = down / np.linalg.norm(down)
    helper = np.array([1.0, 0, 0]) if abs(down[0]) < 0.9 else np.array([0, 1.0, 0])
    x = np.cross(helper, down)
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(-down, x), -down])


def centre_of_mass(geometry: Geometry) -> Array:
    """Centre of mass from the part's centre, as a share of its size: of the volume where the bodies enclose one,
    else of the surface.
    """
    size = float(geometry.size_mm.max())
    weights, centres = [], []
    for body in geometry.bodies:
        a, b, c = ((body.vertices - geometry.centre_mm) / size)[body.triangles].transpose(1, 0, 2)
        areas = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
        middle = (a + b + c) / 3
        signed = (a * np.cross(b, c)).sum(1) / 6
        volume = float(signed.sum())
        centroid = np.average(middle, axis=0, weights=areas)
        solid = (signed[:, None] * (a + b + c) / 4).sum(0) / volume if volume > 1e-9 else centroid
        # An open mesh has a volume that means nothing: its centre would lie outside of it.
        closed = volume > 1e-9 and bool(np.all(np.abs(solid - centroid) < np.ptp(a, axis=0) / 2 + 1e-6))
        weights.append(volume if closed else float(areas.sum()) * 0.02)
        centres.append(solid if closed else centroid)
    centre: Array = np.average(np.array(centres), axis=0, weights=weights)
    return centre
