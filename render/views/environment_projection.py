"""An environment map seen through a camera: what stands behind a part that is lit by it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from render.views.cameras import SENSOR_MM

MAX_WIDTH_PX = 4096
"""Wider maps are averaged down: 4096 pixels around are 512 in a picture of 45 degrees."""


def directions(rotation: NDArray[np.float64], focal_length_mm: float, size: int) -> NDArray[np.float64]:
    """Unit vectors (size, size, 3) from a camera through its pixels' centres, in the frame that `rotation` (3, 3) takes
    to the camera's axes.

    >>> directions(np.eye(3), focal_length_mm=18.0, size=1).tolist()  # one pixel: straight ahead
    [[[0.0, 0.0, 1.0]]]
    """
    across = (np.arange(size) + 0.5 - size / 2) / (focal_length_mm / SENSOR_MM * size)
    x, y = np.meshgrid(across, across)
    rays = np.dstack([x, y, np.ones_like(x)])
    rays /= np.linalg.norm(rays, axis=2, keepdims=True)
    seen: NDArray[np.float64] = rays @ rotation
    return seen


def look_up(radiance: NDArray[np.float32], towards: NDArray[np.float64]) -> NDArray[np.float32]:
    """Radiance (h, w, 3) that a latitude-longitude map (rows from straight below) has towards unit vectors (h, w, 3).

    Where the map is coarser than the picture it is blurred, as what is out of focus, rather than blocky.
    """
    from scipy.ndimage import map_coordinates

    height, width = radiance.shape[:2]
    around = 0.5 - np.arctan2(towards[..., 1], towards[..., 0]) / (2 * math.pi)
    above = np.arcsin(np.clip(towards[..., 2], -1, 1)) / math.pi + 0.5
    # The map's first and last column are neighbours: a border of each is added to the other's side.
    margin = 2
    wrapped = np.concatenate([radiance[:, -margin:], radiance, radiance[:, :margin]], axis=1)
    places = np.stack([above * height - 0.5, around * width - 0.5 + margin])
    # B-splines without the prefilter smooth; with it they would ring around every lamp.
    channels = [map_coordinates(wrapped[..., c], places, order=3, prefilter=False, mode="nearest") for c in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)
