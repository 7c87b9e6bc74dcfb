"""View samplers: from where each view of a part is seen, and how the part lies meanwhile."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from render.seeds import stream
from render.views.resting_poses import RestingPose
from render.views.settings import RenderSettings

Vector = NDArray[np.float64]

GOLDEN = (1 + math.sqrt(5)) / 2
GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))
STANDING = np.eye(3)
"""The pose of a part that stands as in its CAD file."""


@dataclass(frozen=True)
class Viewpoint:
    """`direction` (3,): unit vector from the part to the camera, in the posed frame where z is up. `pose` (3, 3) turns
    CAD coordinates into that frame. `roll`: turn of the camera around its axis, radians.
    """

    sampler: str
    pose: Vector
    direction: Vector
    roll: float = 0.0


@dataclass(frozen=True)
class ViewRequest:
    """Which of its sampler's views is asked for: number `index` of `total`, with the view's own random numbers."""

    index: int
    total: int
    rng: np.random.Generator
    poses: tuple[RestingPose, ...]
    elevation_deg: float
    tilt_deg: tuple[float, float]


def viewpoints(settings: RenderSettings, poses: tuple[RestingPose, ...], part_id: str) -> list[Viewpoint]:
    """The viewpoints of a part that can lie in `poses`. A mixture gives each sampler its share of the views, the same
    for every part.
    """
    samplers = sampler_per_view(settings.sampler, settings.views)
    totals = {name: samplers.count(name) for name in samplers}
    used = dict.fromkeys(totals, 0)
    points = []
    for view, name in enumerate(samplers):
        rng = stream(settings.seed, part_id, view, "viewpoint")
        request = ViewRequest(used[name], totals[name], rng, poses, settings.elevation_deg, settings.resting_tilt_deg)
        points.append(replace(SAMPLERS[name](request), roll=_roll(settings, part_id, view)))
        used[name] += 1
    return points


def _roll(settings: RenderSettings, part_id: str, view: int) -> float:
    """Turn of the camera around its axis, radians."""
    if settings.roll == "fixed":
        return 0.0
    if settings.roll == "spread":
        return math.pi / 2 * view / settings.views
    return float(stream(settings.seed, part_id, view, "roll").uniform(0, 2 * math.pi))


def sampler_per_view(sampler: str | Mapping[str, float], views: int) -> list[str]:
    """Which sampler each view comes from: always the one that lags its share most, so that more views only append.

    >>> sampler_per_view({"resting": 0.75, "sphere_equidistant": 0.25}, views=4)
    ['resting', 'resting', 'sphere_equidistant', 'resting']
    """
    shares = (
        {sampler: 1.0} if isinstance(sampler, str) else {name: share for name, share in sampler.items() if share > 0}
    )
    whole = sum(shares.values())
    counts = dict.fromkeys(shares, 0)
    names = []
    for view in range(views):
        name = max(shares, key=lambda k: shares[k] / whole * (view + 1) - counts[k])
        counts[name] += 1
        names.append(name)
    return names


def sphere_equidistant(request: ViewRequest) -> Viewpoint:
    """Golden spiral: evenly spread over the sphere, half a step from the poles."""
    z = 1 - (2 * request.index + 1) / request.total
    return Viewpoint("sphere_equidistant", STANDING, _direction(z, GOLDEN_ANGLE * request.index))


def sphere_uniform(request: ViewRequest) -> Viewpoint:
    """Independent directions, uniform on the sphere's surface."""
    return Viewpoint("sphere_uniform", STANDING, _random_direction(request.rng))


def hemisphere(request: ViewRequest) -> Viewpoint:
    """Golden spiral over the upper half."""
    z = 1 - (request.index + 0.5) / request.total
    return Viewpoint("hemisphere", STANDING, _direction(z, GOLDEN_ANGLE * request.index))


def circular(request: ViewRequest) -> Viewpoint:
    """Even steps around the part at one elevation, as on a turntable.

    >>> rng = np.random.default_rng(0)
    >>> second = ViewRequest(index=1, total=4, rng=rng, poses=(), elevation_deg=0.0, tilt_deg=(0.0, 60.0))
    >>> (circular(second).direction.round(6) + 0.0).tolist()  # a quarter of the way around
    [0.0, 1.0, 0.0]
    """
    z = math.sin(math.radians(request.elevation_deg))
    return Viewpoint("circular", STANDING, _direction(z, 2 * math.pi * request.index / request.total))


def icosahedron(request: ViewRequest) -> Viewpoint:
    """The 12 corners of an icosahedron, again and again."""
    return Viewpoint("icosahedron", STANDING, ICOSAHEDRON[request.index % 12])


def dodecahedron(request: ViewRequest) -> Viewpoint:
    """The 20 corners of a dodecahedron, again and again."""
    return Viewpoint("dodecahedron", STANDING, DODECAHEDRON[request.index % 20])


def antiprism(request: ViewRequest) -> Viewpoint:
    """Two rings, above and below, the lower one turned by half a step."""
    ring = max(1, (request.total + 1) // 2)
    below = request.index >= ring
    azimuth = 2 * math.pi * ((request.index - ring + 0.5) if below else request.index) / ring
    # The height at which the corners of a uniform antiprism of many sides sit on their sphere.
    height = math.sin(math.radians(35.0))
    return Viewpoint("antiprism", STANDING, _direction(-height if below else height, azimuth))


def resting(request: ViewRequest) -> Viewpoint:
    """The part lies on a table in a stable pose, turned at random; the camera looks from above, more or less tilted."""
    pose = request.poses[
        request.rng.choice(len(request.poses), p=[pose.probability for pose in request.poses])
    ].rotation
    angle = request.rng.uniform(0, 2 * math.pi)
    # Even in the angle: people hold a camera straight above a table far more often than chance would.
    low, high = sorted(request.tilt_deg)
    tilt = math.radians(request.rng.uniform(low, high))
    return Viewpoint("resting", _turned(angle) @ pose, _direction(math.cos(tilt), request.rng.uniform(0, 2 * math.pi)))


SAMPLERS: dict[str, Callable[[ViewRequest], Viewpoint]] = {
    sampler.__name__: sampler
    for sampler in (
        sphere_equidistant,
        sphere_uniform,
        hemisphere,
        circular,
        icosahedron,
        dodecahedron,
        antiprism,
        resting,
    )
}


def _direction(z: float, azimuth: float) -> Vector:
    radius = math.sqrt(max(0.0, 1 - z * z))
    return np.array([radius * math.cos(azimuth), radius * math.sin(azimuth), z])


def _random_direction(rng: np.random.Generator) -> Vector:
    """Uniform on the sphere."""
    return _direction(rng.uniform(-1, 1), rng.uniform(0, 2 * math.pi))


def _turned(angle: float) -> Vector:
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def _corners(*generators: tuple[float, float, float]) -> Vector:
    """Unit vectors: every cyclic turn and every sign of `generators`."""
    found = {
        tuple(round(sign * value, 12) + 0.0 for sign, value in zip(signs, turned, strict=True))
        for a, b, c in generators
        for turned in ((a, b, c), (b, c, a), (c, a, b))
        for signs in ((x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1))
    }
    corners = np.array(sorted(found))
    unit: Vector = corners / np.linalg.norm(corners, axis=1, keepdims=True)
    return unit


ICOSAHEDRON = _corners((0, 1, GOLDEN))
DODECAHEDRON = _corners((1, 1, 1), (0, 1 / GOLDEN, GOLDEN))
