"""Realises a plan in Blender: builds the scene and returns the light that reaches the sensor."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from simulated_photos.clutter import add_mesh, place_thing
from simulated_photos.geometry import SENSOR_WIDTH_MM, Camera, PartMesh, lie_down
from simulated_photos.lights import light_scene
from simulated_photos.nodes import plain_material
from simulated_photos.part_looks import LOOKS
from simulated_photos.plan import PhotoPlan
from simulated_photos.tables import lay_table

Look = tuple[str, str, str]

# A phone's picture is not sharp to the pixel: rendering fewer of them and enlarging looks like it at half the cost.
RENDERED_PERCENT = 64


def _prepare(camera: Camera, samples: int, seed: int) -> Any:
    """An empty Cycles scene that renders linear light on the CPU."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.render.resolution_x, scene.render.resolution_y = camera.width, camera.height
    scene.render.resolution_percentage = RENDERED_PERCENT
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.image_settings.color_depth = "16"
    scene.view_settings.view_transform = "Standard"
    cycles = scene.cycles
    cycles.device, cycles.samples, cycles.seed = "CPU", samples, seed % 2**31
    cycles.use_adaptive_sampling, cycles.sampling_pattern = False, "BLUE_NOISE"
    cycles.use_denoising, cycles.denoiser = True, "OPENIMAGEDENOISE"
    cycles.denoising_prefilter, cycles.denoising_quality = "NONE", "FAST"
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces, cycles.transmission_bounces = 3, 1, 3, 0
    cycles.caustics_reflective = cycles.caustics_refractive = False
    return scene


def _place_camera(scene: Any, camera: Camera, aperture_cm: float, focus_cm: float) -> None:
    data = bpy.data.cameras.new("camera")
    data.lens = camera.lens_mm
    data.sensor_fit, data.sensor_width, data.sensor_height = "AUTO", SENSOR_WIDTH_MM, SENSOR_WIDTH_MM
    data.clip_start, data.clip_end = 0.1, 1000
    data.dof.use_dof, data.dof.focus_distance = True, focus_cm
    # Blender takes a unit for a metre when it turns millimetres of lens and f-stop into an aperture.
    data.dof.aperture_fstop = camera.lens_mm * 1e-3 / aperture_cm
    placed = bpy.data.objects.new("camera", data)
    right, up, forward = camera.axes.T
    axes = np.stack([right, up, -forward, camera.position], axis=1)
    placed.matrix_world = Matrix([*axes.tolist(), [0, 0, 0, 1]])
    scene.collection.objects.link(placed)
    scene.camera = placed


def _hold_phone(camera: Camera, rng: Generator) -> None:
    """The phone itself: a dark slab just behind the lens, seen in shiny parts and felt as a shadow."""
    right, up, forward = camera.axes.T
    middle = camera.position - forward * 0.6 + up * rng.uniform(-6, -2) + right * rng.uniform(-1, 1)
    corners = [
        middle + right * x + up * y - forward * z
        for z in (0, 0.8)
        for x, y in ((-3.6, -7.2), (3.6, -7.2), (3.6, 7.2), (-3.6, 7.2))
    ]
    faces = [(3, 2, 1, 0), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)]
    phone = add_mesh("phone", corners, faces, plain_material("phone", (0.03, 0.03, 0.035), 0.3))
    phone.visible_camera = False


def render_light(
    plan: PhotoPlan, look: Look, mesh: PartMesh, others: Sequence[PartMesh], looks: Mapping[str, Look], samples: int
) -> NDArray[np.float32]:
    """Renders a plan; returns linear light (height, width, 3), upright."""
    rng = np.random.default_rng(plan.seed + 1)
    scene = _prepare(plan.camera, samples, plan.seed)
    lay_table(plan.table, rng)
    light_scene(plan.light, rng)
    add_mesh("part", plan.vertices, mesh.faces, LOOKS[look](rng), smooth_angle=35)

    def other_part(rng: Generator) -> list[Any]:
        other = others[int(rng.integers(len(others)))]
        rotations, probabilities = other.resting_poses
        lying = lie_down(other, rotations[rng.choice(len(rotations), p=probabilities)], 0.0)
        return [add_mesh("other", lying, other.faces, LOOKS[looks[other.part_id]](rng), smooth_angle=35)]

    for thing in plan.clutter:
        place_thing(thing, other_part)
    if plan.phone_in_view:
        _hold_phone(plan.camera, rng)
    middle = (plan.vertices.min(axis=0) + plan.vertices.max(axis=0)) / 2
    focus = float((middle - plan.camera.position) @ plan.camera.axes[:, 2])
    _place_camera(scene, plan.camera, plan.aperture_cm, focus)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "light.exr"
        scene.render.filepath = str(file)
        bpy.ops.render.render(write_still=True)
        return _read_light(file, plan.camera)


def _read_light(file: Path, camera: Camera) -> NDArray[np.float32]:
    image = bpy.data.images.load(str(file))
    image.colorspace_settings.name = "Non-Color"  # the file is linear already
    columns, rows = image.size
    pixels = np.empty(columns * rows * image.channels, dtype=np.float32)
    image.pixels.foreach_get(pixels)
    upright = pixels.reshape(rows, columns, image.channels)[::-1, :, :3]
    enlarged = [
        Image.fromarray(np.ascontiguousarray(upright[..., c])).resize(
            (camera.width, camera.height), Image.Resampling.BICUBIC
        )
        for c in range(3)
    ]
    light: NDArray[np.float32] = np.clip(np.stack([np.asarray(channel) for channel in enlarged], axis=2), 0.0, None)
    return light
