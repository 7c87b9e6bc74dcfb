"""Pinhole cameras: where to stand so that a part fills the frame exactly, and what the camera's matrices are.

Axes are OpenCV's: x right, y down, z forward. Focal lengths are 35 mm equivalents: on a frame 36 mm wide.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SENSOR_MM = 36.0


@dataclass(frozen=True)
class Camera:
    """`rotation` (3, 3) and `translation` (3,) take a point of the CAD frame (mm) to the camera's axes (mm)."""

    focal_length_mm: float
    rotation: Array
    translation: Array
    size: int

    @property
    def intrinsics(self) -> Array:
        """(3, 3), pixels; pixel (0, 0) is the corner of the frame, so the principal point is size / 2.

        >>> Camera(36.0, np.eye(3), np.zeros(3), size=256).intrinsics.tolist()
        [[256.0, 0.0, 128.0], [0.0, 256.0, 128.0], [0.0, 0.0, 1.0]]
        """
        focal = self.focal_length_mm / SENSOR_MM * self.size
        return np.array([[focal, 0, self.size / 2], [0, focal, self.size / 2], [0, 0, 1]])

    def project(self, points: Array) -> Array:
        """(n, 3) points of the CAD frame in mm to (n, 2) pixels."""
        seen = points @ self.rotation.T + self.translation
        pixels: Array = seen[:, :2] / seen[:, 2:] * self.intrinsics[0, 0] + self.size / 2
        return pixels


def look_along(direction: Array, roll: float) -> Array:
    """Rotation (3, 3) from a frame with z up to a camera that looks against `direction` (part to camera).

    >>> from_above = look_along(np.array([0.0, 0.0, 1.0]), roll=0.0)
    >>> (from_above @ [0.0, 0.0, 1.0]).tolist()  # up, towards the camera
    [0.0, 0.0, -1.0]
    """
    forward = -direction / np.linalg.norm(direction)
    up = np.array([0.0, 0.0, 1.0]) if abs(forward[2]) < 0.999999 else np.array([0.0, 1.0, 0.0])
    right = np.cross(forward, up)
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    c, s = math.cos(roll), math.sin(roll)
    rolled: Array = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]) @ np.stack([right, down, forward])
    return rolled


def fit(points: Array, rotation: Array, focal_length_mm: float, fill: float) -> Array:
    """Translation (3,) that makes `points` fill `fill` of the frame's side, centred: exact, for any perspective.

    A point at (x, y, z) is inside while |x + tx| <= h (z + tz); each side of the frame gives one bound on tz, and the
    nearest camera that keeps all of them is where the larger of both axes touches both its sides.

    >>> corners = np.array([[x, y, 0.0] for x in (-10, 10) for y in (-10, 10)])
    >>> rotation = look_along(np.array([0.0, 0.0, 1.0]), roll=0.0)
    >>> translation = fit(corners, rotation, focal_length_mm=50.0, fill=0.8)
    >>> pixels = Camera(50.0, rotation, translation, size=100).project(corners)
    >>> np.ptp(pixels, axis=0).round(6).tolist()
    [80.0, 80.0]
    """
    seen = points @ rotation.T
    half = SENSOR_MM / 2 / focal_length_mm * fill
    shift = np.zeros(3)
    for axis in (0, 1):
        ahead = float((seen[:, axis] - half * seen[:, 2]).max())
        behind = float((-seen[:, axis] - half * seen[:, 2]).max())
        shift[axis] = (behind - ahead) / 2
        shift[2] = max(shift[2], (ahead + behind) / (2 * half)) if axis else (ahead + behind) / (2 * half)
    # Never behind or inside the part: an extremely flat part seen edge-on keeps its own depth as distance.
    depth = seen[:, 2]
    shift[2] = max(shift[2], float(-depth.min() + 0.05 * np.ptp(points, axis=0).max()))
    return shift


def stand_back(points: Array, rotation: Array, distance_mm: float) -> Array:
    """Translation (3,) that puts the middle of `points` on the axis of a camera at `distance_mm`."""
    seen = points @ rotation.T
    middle = (seen.min(0) + seen.max(0)) / 2
    return np.array([0.0, 0.0, distance_mm]) - middle


def common_distance(largest_mm: float, focal_length_mm: float, fill: float) -> float:
    """Distance in mm from which a part of space diagonal `largest_mm` never fills more than `fill` of the frame."""
    half_angle = math.atan(SENSOR_MM / 2 / focal_length_mm * fill)
    return largest_mm / 2 / math.sin(half_angle)


def is_seen_from_its_edge(pixels: Array) -> bool:
    """Whether a part whose points lie at `pixels` (n, 2) is less than a pixel wide across its length, as a sheet is
    from its edge, so that a picture may show nothing of it.

    >>> is_seen_from_its_edge(np.array([[0.0, 0.0], [100.0, 100.0], [50.2, 50.0]]))
    True
    >>> is_seen_from_its_edge(np.array([[0.0, 0.0], [100.0, 100.0], [50.0, 0.0]]))
    False
    """
    centred = pixels - pixels.mean(0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    across = centred @ axes[:, 0]
    return float(np.ptp(across)) < 1.0
