"""The description of a part's views, without Blender: how to dress it, where to stand and how it is lit."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from render.materials.assignment import wardrobe
from render.materials.colors import Rgb
from render.params import BackgroundMode, EnvironmentMode, Framing, Output, Quality, Roll
from render.parts.catalogue import Part
from render.parts.geometry import Geometry
from render.seeds import stream
from render.views import cameras
from render.views.backgrounds import Backdrop, backdrop
from render.views.cameras import Camera
from render.views.lighting import Light, lights
from render.views.placing import placed_poses
from render.views.quality import PRESETS
from render.views.resting_poses import UPRIGHT
from render.views.samplers import Viewpoint, viewpoints

VERSION = 7
"""Raised whenever the same job would give other pixels or another part.json: every part is then rendered again."""


@dataclass(frozen=True)
class Shot:
    """What holds for every part of a run: the render block of params.yaml, resolved. `common_distance_mm` is set where
    all parts are seen from one distance.
    """

    views: int
    size: int
    sampler: str | Mapping[str, float]
    elevation_deg: float
    resting_tilt_deg: tuple[float, float]
    roll: Roll
    table: bool
    framing: Framing
    fill: float
    focal_length_mm: tuple[float, float]
    environment_mode: EnvironmentMode
    environment_maps: tuple[Path, ...]
    area_lights: int
    materials: Literal["metadata", "random"]
    variation: float
    outputs: tuple[Output, ...]
    quality: Quality
    seed: int
    common_distance_mm: float | None = None
    background: BackgroundMode = "transparent"
    background_color: str = ""
    background_pictures: tuple[Path, ...] = ()
    material_library: tuple[Path, ...] = ()
    material_library_key: str = ""


@dataclass(frozen=True)
class Wear:
    """Factors on the look's roughness and on its colour (linear RGB)."""

    roughness: float
    tint: Rgb


@dataclass(frozen=True)
class View:
    """One picture of a part. `posed` (3, 3) turns CAD coordinates into the lit frame, where z is up. `wear` is how this
    view's surface differs from its look; `backdrop` what is baked in behind the part, if anything.
    """

    number: int
    sampler: str
    camera: Camera
    posed: NDArray[np.float64]
    light: Light
    wear: Wear
    backdrop: Backdrop | None = None


def common_distance(parts: list[Part], shot_fill: float, focal_length_mm: tuple[float, float]) -> float:
    """The one camera distance of `framing: real_scale`, in mm: the largest part of the catalogue just fits."""
    largest = max(math.dist((0, 0, 0), part.size_mm) for part in parts)
    return cameras.common_distance(largest, _fixed_focal_length(focal_length_mm), shot_fill)


def describe_views(part: Part, geometry: Geometry, shot: Shot) -> list[View]:
    """All views of a part; each depends on (seed, part id, view number) and the shot only."""
    shares = {shot.sampler: 1.0} if isinstance(shot.sampler, str) else shot.sampler
    poses = placed_poses(geometry) if "resting" in shares else UPRIGHT
    points = geometry.points - geometry.centre_mm
    surroundings = lights(
        shot.environment_mode,
        tuple(path.stem for path in shot.environment_maps),
        shot.views,
        shot.area_lights,
        shot.seed,
        part.part_id,
    )
    seen_from = viewpoints(
        shot.sampler,
        shot.views,
        poses,
        shot.seed,
        part.part_id,
        shot.roll,
        shot.elevation_deg,
        shot.resting_tilt_deg,
    )
    views = []
    for number, point in enumerate(seen_from):
        if shot.background == "ground":
            point = _from_above(point)
        rotation = cameras.look_along(point.direction, point.roll) @ point.pose
        if shot.common_distance_mm is not None:
            focal_length = _fixed_focal_length(shot.focal_length_mm)
            translation = cameras.stand_back(points, rotation, shot.common_distance_mm)
        else:
            rng = stream(shot.seed, part.part_id, number, "focal length")
            focal_length = float(rng.uniform(*shot.focal_length_mm))
            translation = cameras.fit(points, rotation, focal_length, shot.fill)
        camera = Camera(focal_length, rotation, translation - rotation @ geometry.centre_mm, shot.size)
        light = surroundings[number]
        behind = backdrop(
            shot.background, shot.background_color, shot.background_pictures, shot.seed, part.part_id, number
        )
        if point.sampler != "resting" or not shot.table or shot.background == "ground":
            light = replace(light, table=None)
        views.append(View(number, point.sampler, camera, point.pose, light, _wear(shot, part, number), behind))
    return views


def _from_above(point: Viewpoint) -> Viewpoint:
    """A view from below as people take it: the part lies upside down and they look from above."""
    if point.direction[2] >= 0:
        return point
    over = np.diag([1.0, -1.0, -1.0])
    return replace(point, direction=over @ point.direction, pose=over @ point.pose)


def _wear(shot: Shot, part: Part, number: int) -> Wear:
    rng = stream(shot.seed, part.part_id, number, "wear")
    shade = 1 + 0.15 * shot.variation * rng.uniform(-1, 1)
    red, green, blue = (float(shade * (1 + 0.06 * shot.variation * rng.uniform(-1, 1))) for _ in range(3))
    return Wear(math.exp(0.5 * shot.variation * rng.uniform(-1, 1)), (red, green, blue))


def content_key(part: Part, shot: Shot) -> str:
    """A key that changes when the part's pictures would: its CAD, its words, the shot, the maps or this renderer."""
    worn = wardrobe(part, shot.materials, shot.seed)
    what = {
        "version": VERSION,
        "part": [part.part_id, part.label, part.name, part.sha256, part.units],
        "looks": [[pattern, asdict(look)] for pattern, look in worn.patterns],
        "shot": _said(shot),
        "maps": [[path.stem, path.stat().st_size] for path in shot.environment_maps],
        "preset": asdict(PRESETS[shot.quality]),
    }
    if worn.keeps_skins and part.skin:
        what["skin"] = part.skin
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def _said(shot: Shot) -> dict[str, object]:
    """The shot for the key. What was added later and is not used is left out: it changes no picture."""
    said = asdict(replace(shot, environment_maps=(), background_pictures=(), material_library=()))
    del said["material_library"]
    if not shot.material_library_key:
        del said["material_library_key"]
    if shot.background == "transparent":
        for name in ("background", "background_color", "background_pictures"):
            del said[name]
    elif shot.background == "folder":
        said["background_pictures"] = [[path.name, path.stat().st_size] for path in shot.background_pictures]
    return said


def _fixed_focal_length(focal_length_mm: tuple[float, float]) -> float:
    low, high = focal_length_mm
    return math.sqrt(low * high)
