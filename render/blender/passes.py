"""Exact passes of a view: depth, normals, object mask and body numbers, sampled once at every pixel's centre."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

BODY_ATTRIBUTE = "body"
"""Name of the mesh attribute with the body's number of each triangle."""


@dataclass(frozen=True)
class Passes:
    """What lies behind each pixel; all 0 where the part is not.

    `depth` (h, w): z along the camera's axis in mm; `normals` (h, w, 3): unit vectors in the camera's OpenCV axes;
    `bodies` (h, w): the body's number from 1.
    """

    depth: NDArray[np.float32]
    normals: NDArray[np.float32]
    bodies: NDArray[np.uint16]


def render_passes(
    scene: bpy.types.Scene, size: int, unit_mm: float, to_camera: NDArray[np.float64], scratch: Path
) -> Passes:
    """Renders the passes of the scene as it stands. `to_camera` (3, 3) turns scene directions to the camera's axes."""
    with _exact(scene, size, scratch):
        values = _render(scene, _measuring(), scratch)
        turned = _render(scene, _normals(), scratch)
    there = values[..., 3] > 0.5
    normals = ((turned[..., :3] * 2 - 1) @ to_camera.T).astype(np.float32)
    normals /= np.maximum(np.linalg.norm(normals, axis=2, keepdims=True), 1e-6)
    return Passes(
        depth=np.where(there, values[..., 0] * unit_mm, 0).astype(np.float32),
        normals=np.where(there[..., None], normals, 0).astype(np.float32),
        bodies=np.where(there, np.round(values[..., 1]), 0).astype(np.uint16),
    )


def save_float_exr(path: Path, values: NDArray[np.float32]) -> None:
    """Writes (h, w) `values` to `path` as a 32-bit float EXR (the same in all three channels)."""
    height, width = values.shape
    image = bpy.data.images.new("depth", width, height, float_buffer=True)
    rows = np.flipud(values)
    image.pixels.foreach_set(np.dstack([rows, rows, rows, np.ones_like(rows)]).astype(np.float32).ravel())
    image.file_format = "OPEN_EXR"
    image.filepath_raw = str(path)
    image.save()
    bpy.data.images.remove(image)


@contextmanager
def _exact(scene: bpy.types.Scene, size: int, scratch: Path) -> Iterator[None]:
    """One unfiltered sample a pixel of the whole frame as float EXR; everything as it was afterwards."""
    render, settings = scene.render, scene.cycles
    changes: list[tuple[Any, str, Any]] = [
        (settings, "samples", 1),
        (settings, "use_denoising", False),
        (settings, "use_adaptive_sampling", False),
        (settings, "filter_width", 0.01),
        (settings, "film_exposure", 1.0),
        (render, "use_border", False),
        (render, "use_crop_to_border", False),
        (render, "resolution_x", size),
        (render, "resolution_y", size),
        (render, "filepath", str(scratch / "pass.exr")),
        (render.image_settings, "file_format", "OPEN_EXR"),
        (render.image_settings, "color_depth", "32"),
    ]
    before = [(thing, name, getattr(thing, name)) for thing, name, _ in changes]
    for thing, name, value in changes:
        setattr(thing, name, value)
    try:
        yield
    finally:
        scene.view_layers[0].material_override = None
        for thing, name, value in before:
            setattr(thing, name, value)


def _render(scene: bpy.types.Scene, material: bpy.types.Material, scratch: Path) -> NDArray[np.float32]:
    """(h, w, 4) float, first row on top, of the part in a light of its own."""
    scene.view_layers[0].material_override = material
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(str(scratch / "pass.exr"))
    width, height = image.size
    pixels = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    return np.flipud(pixels.reshape(height, width, 4))


def _measuring() -> bpy.types.Material:
    """Shines with red = depth along the axis in scene units, green = body number from 1."""
    material, tree, color = _shining("measure")
    if color is not None:
        camera, body = tree.nodes.new("ShaderNodeCameraData"), tree.nodes.new("ShaderNodeAttribute")
        body.attribute_name = BODY_ATTRIBUTE
        tree.links.new(camera.outputs["View Z Depth"], color.inputs["X"])
        tree.links.new(body.outputs["Fac"], color.inputs["Y"])
    return material


def _normals() -> bpy.types.Material:
    """Shines with the shading normal in scene axes, from -1..1 to 0..1."""
    material, tree, color = _shining("normals")
    if color is not None:
        normal, half = tree.nodes.new("ShaderNodeNewGeometry"), tree.nodes.new("ShaderNodeVectorMath")
        half.operation = "MULTIPLY_ADD"
        half.inputs[1].default_value = half.inputs[2].default_value = (0.5, 0.5, 0.5)
        split = tree.nodes.new("ShaderNodeSeparateXYZ")
        tree.links.new(normal.outputs["Normal"], half.inputs[0])
        tree.links.new(half.outputs["Vector"], split.inputs["Vector"])
        for axis in "XYZ":
            tree.links.new(split.outputs[axis], color.inputs[axis])
    return material


def _shining(name: str) -> tuple[bpy.types.Material, Any, Any]:
    """A material that emits what is linked to the returned combine node; the node is None when it exists already."""
    existing = bpy.data.materials.get(name)
    if existing is not None:
        return existing, existing.node_tree, None
    material = bpy.data.materials.new(name)
    tree = material.node_tree
    tree.nodes.clear()
    color, emission, output = (
        tree.nodes.new(kind) for kind in ("ShaderNodeCombineXYZ", "ShaderNodeEmission", "ShaderNodeOutputMaterial")
    )
    tree.links.new(color.outputs["Vector"], emission.inputs["Color"])
    tree.links.new(emission.outputs["Emission"], output.inputs["Surface"])
    return material, tree, color
