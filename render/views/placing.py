"""How parts lie when somebody takes a photo: mostly as they fall, but a bolt is also stood on its head."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from render.parts.geometry import Geometry
from render.views.resting_poses import RestingPose, resting_poses

BY_HAND = 0.5
"""Share of parts that are not dropped but put down, in any of the poses alike."""
SAME = 0.01
"""Poses whose outlines differ by less than this share of the part's size are one: the sides of a round part."""
DIRECTIONS = 60
"""Directions in the table's plane in which an outline is measured."""

Array = NDArray[np.float64]


def placed_poses(geometry: Geometry) -> tuple[RestingPose, ...]:
    """The stable poses with the probabilities of parts that are dropped or, BY_HAND, put down; most probable first."""
    poses = resting_poses(geometry)
    kinds = [outline_kind(geometry.outer_points @ pose.rotation.T, 1.0) for pose in poses]
    share = dict.fromkeys(kinds, 0.0)
    for pose, kind in zip(poses, kinds, strict=True):
        share[kind] += pose.probability
    mixed = [
        RestingPose(pose.rotation, pose.probability * (1 - BY_HAND + BY_HAND / (len(share) * share[kind])))
        for pose, kind in zip(poses, kinds, strict=True)
    ]
    return tuple(sorted(mixed, key=lambda pose: -pose.probability))


def outline_kind(points: Array, size: float) -> tuple[int, int, int]:
    """Height and largest and smallest width of points (n, 3) seen from far above, in steps of SAME times `size`: equal
    for poses that look alike from there.
    """
    along = points[:, :2] @ table_directions()
    spans = along.max(0) - along.min(0)
    height, largest, smallest = float(np.ptp(points[:, 2])), float(spans.max()), float(spans.min())
    return round(height / (SAME * size)), round(largest / (SAME * size)), round(smallest / (SAME * size))


def table_directions() -> Array:
    """Unit vectors (2, DIRECTIONS) in the table's plane, all around."""
    angles = np.arange(DIRECTIONS) * (2 * np.pi / DIRECTIONS)
    return np.stack([np.cos(angles), np.sin(angles)])
