"""The description of a part's views, without Blender: camera, pose, light, material variation and backdrop of each."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from render.materials.assignment import MaterialAssignment, assign_materials
from render.materials.colors import Rgb
from render.parts.catalogue import Part
from render.parts.geometry import Geometry
from render.seeds import stream
from render.views import cameras
from render.views.backgrounds import Backdrop, backdrop
from render.views.cameras import Camera
from render.views.lighting import Light, lights
from render.views.metering import least_light
from render.views.placing import placed_poses
from render.views.quality import QUALITY_PRESETS
from render.views.resting_poses import UPRIGHT
from render.views.samplers import Viewpoint, viewpoints
from render.views.settings import RenderSettings, fixed_focal_length

Array = NDArray[np.float64]

VERSION = 8
"""Raised whenever the same job would give other pixels or another part.json: every part is then rendered again."""


@dataclass(frozen=True)
class MaterialVariation:
    """How the surface of one view differs from its material: factors on roughness and on colour (linear RGB)."""

    roughness: float
    tint: Rgb


@dataclass(frozen=True)
class View:
    """One picture of a part. `pose` (3, 3) turns CAD coordinates into the lit frame, where z is up; `assigned` is what
    its bodies are made of in this picture; `least_light` what it is exposed for (`render.views.metering`); `backdrop`
    is what is baked in behind the part, if anything.
    """

    number: int
    sampler: str
    camera: Camera
    pose: Array
    light: Light
    variation: MaterialVariation
    assigned: MaterialAssignment
    least_light: float
    backdrop: Backdrop | None = None


def describe_views(part: Part, geometry: Geometry, settings: RenderSettings) -> list[View]:
    """All views of a part; each depends on (seed, part id, view number) and the settings only."""
    shares = {settings.sampler: 1.0} if isinstance(settings.sampler, str) else settings.sampler
    poses = placed_poses(geometry) if "resting" in shares else UPRIGHT
    lit_by = lights(
        settings.environment_mode,
        tuple(path.stem for path in settings.environment_maps),
        settings.views,
        settings.area_lights,
        settings.seed,
        part.part_id,
    )
    points = geometry.points - geometry.centre_mm
    assigned = part_materials(part, settings)
    views = []
    for number, point in enumerate(viewpoints(settings, poses, part.part_id)):
        light = lit_by[number]
        if settings.background == "ground":
            point = _from_above(point)
        if point.sampler != "resting" or not settings.table or settings.background == "ground":
            light = replace(light, table=None)
        behind = backdrop(
            settings.background,
            settings.background_color,
            settings.background_pictures,
            settings.seed,
            part.part_id,
            number,
        )
        camera = _camera(settings, part, points, geometry.centre_mm, point, number)
        varied = _variation(settings, part, number)
        made_of = assigned.for_view(settings.seed, part.part_id, number)
        least = least_light(settings.seed, part.part_id, number)
        views.append(View(number, point.sampler, camera, point.pose, light, varied, made_of, least, behind))
    return views


def _camera(
    settings: RenderSettings, part: Part, points: Array, centre_mm: Array, point: Viewpoint, number: int
) -> Camera:
    """The camera that sees `points` (n, 3; mm from the part's centre) from `point`: at the common distance if there is
    one, else so that the part just fits. `centre_mm` (3,): the part's centre in its CAD file.
    """
    rotation = cameras.look_along(point.direction, point.roll) @ point.pose
    if settings.common_distance_mm is not None:
        focal_length = fixed_focal_length(settings.focal_length_mm)
        translation = cameras.stand_back(points, rotation, settings.common_distance_mm)
    else:
        rng = stream(settings.seed, part.part_id, number, "focal length")
        focal_length = float(rng.uniform(*settings.focal_length_mm))
        translation = cameras.fit(points, rotation, focal_length, settings.fill)
    return Camera(focal_length, rotation, translation - rotation @ centre_mm, settings.size)


def _from_above(point: Viewpoint) -> Viewpoint:
    """A view from below as people take it: the part lies upside down and they look from above."""
    if point.direction[2] >= 0:
        return point
    over = np.diag([1.0, -1.0, -1.0])
    return replace(point, direction=over @ point.direction, pose=over @ point.pose)


def _variation(settings: RenderSettings, part: Part, number: int) -> MaterialVariation:
    # The stream's name is part of the seed: with another one every picture would differ.
    rng = stream(settings.seed, part.part_id, number, "wear")
    shade = 1 + 0.15 * settings.variation * rng.uniform(-1, 1)
    red, green, blue = (float(shade * (1 + 0.06 * settings.variation * rng.uniform(-1, 1))) for _ in range(3))
    return MaterialVariation(math.exp(0.5 * settings.variation * rng.uniform(-1, 1)), (red, green, blue))


def part_materials(part: Part, settings: RenderSettings) -> MaterialAssignment:
    """What `part` is made of, with what the part list leaves open left open."""
    return assign_materials(part, settings.materials, settings.seed, settings.unknown)


def content_key(part: Part, settings: RenderSettings) -> str:
    """A key that changes when the part's pictures would: its CAD, its words, the settings, the maps or this renderer.

    The names "looks", "shot", "preset", "unsaid" and "skin", and all field names of the dataclasses in it, are part of
    the key: with other names every part would be rendered again (tests/render/views/test_content_key.py).
    """
    assigned = part_materials(part, settings)
    content: dict[str, object] = {
        "version": VERSION,
        "part": [part.part_id, part.label, part.name, part.sha256, part.units],
        "looks": [[pattern, asdict(material)] for pattern, material in assigned.patterns],
        "shot": _settings_content(settings),
        "maps": [[path.stem, path.stat().st_size] for path in settings.environment_maps],
        "preset": asdict(QUALITY_PRESETS[settings.quality]),
    }
    if any(assigned.unsaid):
        content["unsaid"] = [
            [pattern, *left.words, *left.open]
            for (pattern, _), left in zip(assigned.patterns, assigned.unsaid, strict=True)
            if left is not None
        ]
    if assigned.keeps_file_materials and part.skin:
        content["skin"] = part.skin
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _settings_content(settings: RenderSettings) -> dict[str, object]:
    """The settings for the key. What was added later and is not used is left out: it changes no picture."""
    content = asdict(replace(settings, environment_maps=(), background_pictures=(), material_library=()))
    del content["material_library"], content["unknown"]  # "unsaid" is in the key where it draws something
    if not settings.material_library_key:
        del content["material_library_key"]
    if settings.background == "transparent":
        for name in ("background", "background_color", "background_pictures"):
            del content[name]
    elif settings.background == "folder":
        content["background_pictures"] = [[path.name, path.stat().st_size] for path in settings.background_pictures]
    return content
