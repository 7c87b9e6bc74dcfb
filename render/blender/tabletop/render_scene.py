"""Renders one scene into a folder: draw what is in it, lay it out, write scene.json, and realise what that says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from cad2real.files import read_json, write_json
from render.blender.device import Compute
from render.blender.tabletop.heap import heap
from render.blender.tabletop.model_files import save_model
from render.blender.tabletop.table_scene import LoadedPart, TableScene, distractor_surface
from render.job import SceneJob
from render.parts.catalogue import Part
from render.scenes.description import Bin, PlacedPart, Scene
from render.scenes.scattered import scattered
from render.scenes.settings import SceneSettings
from render.scenes.solids import shape_solid
from render.scenes.surroundings import (
    drawn_bin,
    drawn_camera,
    drawn_distractors,
    drawn_ground,
    drawn_light,
    drawn_parts,
)
from render.seeds import stream

SCENE, TRUTH, PICTURE, DEPTH, NORMALS, INSTANCES = (
    "scene.json", "truth.json", "rgb.png", "depth.png", "normals.png", "instances.png"
)  # fmt: skip
DEPTH_STEP_MM = 0.1
"""Of the 16-bit depth picture, as BOP has it; what is farther than it can say is 0."""


def render_scene(job: SceneJob, card: int, scratch: Path, progress: Callable[[int], None]) -> str:
    """Writes the pictures of the job's scene, scene.json and truth.json into its folder; returns the device's name.

    Raises GeometryError when a CAD file cannot be used.
    """
    table = _table(job.settings, Compute(job.threads, job.device, card), scratch)
    chosen = drawn_parts(job.parts, job.settings, job.number)
    loaded = {part.part_id: table.load(part, job.root) for part in chosen}
    for part_id, one in loaded.items():
        save_model(one.surface, job.models, part_id)
    write_json(job.folder / SCENE, describe(job, chosen, loaded).as_dict())
    scene = Scene.from_dict(read_json(job.folder / SCENE))  # nothing but what is written is rendered
    shown = {part.part_id: loaded[part.part_id] for part in scene.parts}
    Image.fromarray(table.render(scene, shown)).save(job.folder / PICTURE, compress_level=4)
    sight = table.look(scene, shown)
    steps = np.round(sight.depth / DEPTH_STEP_MM)
    Image.fromarray(np.where(steps < 2**16, steps, 0).astype(np.uint16)).save(job.folder / DEPTH)
    Image.fromarray(np.round((sight.normals + 1) / 2 * 255).astype(np.uint8)).save(job.folder / NORMALS)
    Image.fromarray(sight.instances).save(job.folder / INSTANCES)
    write_json(job.folder / TRUTH, {"depth_step_mm": DEPTH_STEP_MM, "parts": [one.as_dict() for one in sight.parts]})
    progress(1)
    return table.device


@lru_cache(maxsize=1)
def _table(settings: SceneSettings, compute: Compute, scratch: Path) -> TableScene:
    """The Blender scene of this process, kept from job to job."""
    return TableScene(settings, compute, scratch)


def describe(job: SceneJob, chosen: list[Part], loaded: dict[str, LoadedPart]) -> Scene:
    """The scene of `job` with the parts `chosen`: where they lie, what is around them, light and camera."""
    settings, number = job.settings, job.number
    solids = [loaded[part.part_id].solid for part in chosen]
    things = drawn_distractors(float(np.median([solid.size_mm for solid in solids])), settings, number)
    bodies = [*solids, *(shape_solid(thing.shape, thing.size_mm) for thing in things)]
    layout, walls = settings.layout_of(number), None
    rng = stream(settings.seed, "", number, "scene layout")
    if layout == "heap":
        walls = _as_written(drawn_bin(bodies, settings, number))
        surfaces = [loaded[part.part_id].surface for part in chosen]
        poses = heap(bodies, [*surfaces, *map(distractor_surface, things)], walls, rng)
    else:
        poses = scattered(bodies, rng)
    placed = [
        PlacedPart(part.part_id, part.label, pose)
        for part, pose in zip(chosen, poses, strict=False)
        if pose is not None
    ]
    lying = [
        replace(thing, pose=pose) for thing, pose in zip(things, poses[len(chosen) :], strict=True) if pose is not None
    ]
    points = [part.pose(loaded[part.part_id].solid.hull) for part in placed]
    around = np.concatenate(points) if points else np.array([[-1.0, -1, 0], [1, 1, 1]]) * solids[0].size_mm
    return Scene(
        number,
        job.key,
        layout,
        drawn_camera(around, walls, settings, number),
        drawn_light(settings, number),
        drawn_ground(settings, number),
        tuple(placed),
        tuple(lying),
        walls,
        len(chosen) - len(placed),
    )


def _as_written(walls: Bin | None) -> Bin | None:
    """With the digits of scene.json, so that parts touch the walls that are rendered."""
    if walls is None:
        return None
    x, y = (round(side, 9) for side in walls.half_mm)
    return replace(walls, half_mm=(x, y))
