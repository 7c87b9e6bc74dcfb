"""The description of a part's views, without Blender: how to dress it, where to stand and how it is lit."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from render import cameras
from render.cameras import Camera
from render.catalogue import Part
from render.environments import Light, lights
from render.geometry import Geometry
from render.materials import read_material
from render.params import EnvironmentMode, Framing, Quality
from render.presets import PRESETS
from render.resting import UPRIGHT, resting_poses
from render.samplers import viewpoints
from render.seeds import stream

VERSION = 1
"""Raised whenever the same job would give other pixels: every part is then rendered again."""


@dataclass(frozen=True)
class Shot:
    """What holds for every part of a run. `common_distance_mm` is set where all parts are seen from one distance."""

    views: int
    size: int
    sampler: str | Mapping[str, float]
    framing: Framing
    fill: float
    focal_length_mm: tuple[float, float]
    environment_mode: EnvironmentMode
    environment_maps: tuple[Path, ...]
    quality: Quality
    seed: int
    common_distance_mm: float | None = None


@dataclass(frozen=True)
class View:
    """One picture of a part. `posed` (3, 3) turns CAD coordinates into the lit frame, where z is up."""

    number: int
    sampler: str
    camera: Camera
    posed: NDArray[np.float64]
    light: Light


def common_distance(parts: list[Part], shot_fill: float, focal_length_mm: tuple[float, float]) -> float:
    """The one camera distance of `framing: real_scale`, in mm: the largest part of the catalogue just fits."""
    largest = max(math.dist((0, 0, 0), part.size_mm) for part in parts)
    return cameras.common_distance(largest, _fixed_focal_length(focal_length_mm), shot_fill)


def describe_views(part: Part, geometry: Geometry, shot: Shot) -> list[View]:
    """All views of a part; each depends on (seed, part id, view number) and the shot only."""
    shares = {shot.sampler: 1.0} if isinstance(shot.sampler, str) else shot.sampler
    poses = resting_poses(geometry) if "resting" in shares else UPRIGHT
    points = geometry.points - geometry.centre_mm
    surroundings = lights(
        shot.environment_mode, tuple(path.stem for path in shot.environment_maps), shot.views, shot.seed, part.part_id
    )
    views = []
    for number, point in enumerate(viewpoints(shot.sampler, shot.views, poses, shot.seed, part.part_id)):
        rotation = cameras.look_along(point.direction, point.roll) @ point.pose
        if shot.common_distance_mm is not None:
            focal_length = _fixed_focal_length(shot.focal_length_mm)
            translation = cameras.stand_back(points, rotation, shot.common_distance_mm)
        else:
            rng = stream(shot.seed, part.part_id, number, "focal length")
            focal_length = float(rng.uniform(*shot.focal_length_mm))
            translation = cameras.fit(points, rotation, focal_length, shot.fill)
        camera = Camera(focal_length, rotation, translation - rotation @ geometry.centre_mm, shot.size)
        views.append(View(number, point.sampler, camera, point.pose, surroundings[number]))
    return views


def content_key(part: Part, shot: Shot) -> str:
    """A key that changes when the part's pictures would: its CAD, its words, the shot, the maps or this renderer."""
    what = {
        "version": VERSION,
        "part": [part.part_id, part.label, part.name, part.sha256, part.units],
        "look": asdict(read_material(part.material, part.surface, part.color)[0]),
        "bodies": part.bodies,
        "views": [shot.views, shot.size, shot.sampler if isinstance(shot.sampler, str) else dict(shot.sampler)],
        "camera": [shot.framing, shot.fill, shot.focal_length_mm, shot.common_distance_mm],
        "environments": [shot.environment_mode, [[path.stem, path.stat().st_size] for path in shot.environment_maps]],
        "quality": [shot.quality, asdict(PRESETS[shot.quality])],
        "seed": shot.seed,
    }
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def _fixed_focal_length(focal_length_mm: tuple[float, float]) -> float:
    low, high = focal_length_mm
    return math.sqrt(low * high)
