"""View samplers: from where each view of a part is seen, and how the part lies meanwhile."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from render.resting import RestingPose
from render.seeds import stream

Vector = NDArray[np.float64]

GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))
RESTING_TILT_DEG = (0.0, 55.0)
"""How far from straight above people hold a camera over a table."""


@dataclass(frozen=True)
class Viewpoint:
    """`direction` (3,): unit vector from the part to the camera, in the posed frame where z is up. `pose` (3, 3) turns
    CAD coordinates into that frame. `roll`: turn of the camera around its axis, radians.
    """

    sampler: str
    pose: Vector
    direction: Vector
    roll: float


def viewpoints(
    sampler: str | Mapping[str, float], views: int, poses: tuple[RestingPose, ...], seed: int, part_id: str
) -> list[Viewpoint]:
    """The viewpoints of a part. A mixture deals the views to its samplers by share, the same for every part."""
    dealt = deal(sampler, views)
    totals = {name: dealt.count(name) for name in dealt}
    used = dict.fromkeys(totals, 0)
    points = []
    for view, name in enumerate(dealt):
        rng = stream(seed, part_id, view, "viewpoint")
        points.append(SAMPLERS[name](used[name], totals[name], poses, rng))
        used[name] += 1
    return points


def deal(sampler: str | Mapping[str, float], views: int) -> list[str]:
    """Which sampler each view comes from: always the one that lags its share most, so that more views only append."""
    shares = {sampler: 1.0} if isinstance(sampler, str) else dict(sampler)
    whole = sum(shares.values())
    counts = dict.fromkeys(shares, 0)
    dealt = []
    for view in range(views):
        name = max(shares, key=lambda k: shares[k] / whole * (view + 1) - counts[k])
        counts[name] += 1
        dealt.append(name)
    return dealt


def sphere_equidistant(index: int, total: int, poses: tuple[RestingPose, ...], rng: np.random.Generator) -> Viewpoint:
    """Golden spiral: evenly spread over the sphere, half a step from the poles. The part stands as in its CAD file."""
    z = 1 - (2 * index + 1) / total
    return Viewpoint("sphere_equidistant", np.eye(3), _direction(z, GOLDEN_ANGLE * index), 0.0)


def resting(index: int, total: int, poses: tuple[RestingPose, ...], rng: np.random.Generator) -> Viewpoint:
    """The part lies on a table in a stable pose, turned at random; the camera looks from above, more or less tilted."""
    pose = poses[rng.choice(len(poses), p=[pose.probability for pose in poses])].rotation
    turn = rng.uniform(0, 2 * math.pi)
    low, high = (math.radians(tilt) for tilt in RESTING_TILT_DEG)
    # Even over the cap's surface, so that tilts are as frequent as directions are.
    z = rng.uniform(math.cos(high), math.cos(low))
    azimuth = rng.uniform(0, 2 * math.pi)
    return Viewpoint("resting", _turn(turn) @ pose, _direction(z, azimuth), 0.0)


SAMPLERS: dict[str, Callable[[int, int, tuple[RestingPose, ...], np.random.Generator], Viewpoint]] = {
    "sphere_equidistant": sphere_equidistant,
    "resting": resting,
}


def _direction(z: float, azimuth: float) -> Vector:
    radius = math.sqrt(max(0.0, 1 - z * z))
    return np.array([radius * math.cos(azimuth), radius * math.sin(azimuth), z])


def _turn(angle: float) -> Vector:
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
