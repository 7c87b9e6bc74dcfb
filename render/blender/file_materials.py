"""Materials of GLB and GLTF files to Blender: one physically based shader with their factors and textures."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from PIL import Image

from render.blender.materials import ROUGHNESS_FACTOR, TINT_FACTOR
from render.materials.file_materials import FileMaterial, TextureError
from render.parts.geometry import Geometry

UV, COLORS = "uv", "colors"
MAX_SIDE_PX = 2048
"""Larger textures are shrunk: no picture shows more of one."""


def add_coordinates(mesh: bpy.types.Mesh, geometry: Geometry) -> None:
    """Gives `mesh`, made of `geometry`, the texture coordinates and colours that its bodies have in their file."""
    sources = [body.material for body in geometry.bodies]
    if any(source is not None and source.uv is not None for source in sources):
        values = [
            np.zeros((body.triangles.size, 2), np.float32)
            if body.material is None or body.material.uv is None or body.corners is None
            else body.material.uv[body.corners.ravel()]
            for body in geometry.bodies
        ]
        mesh.uv_layers.new(name=UV).uv.foreach_set("vector", np.concatenate(values).ravel())
    if any(source is not None and source.colors is not None for source in sources):
        values = [
            np.ones((body.triangles.size, 4), np.float32)
            if body.material is None or body.material.colors is None or body.corners is None
            else body.material.colors[body.corners.ravel()]
            for body in geometry.bodies
        ]
        attribute = mesh.color_attributes.new(COLORS, "FLOAT_COLOR", "CORNER")
        attribute.data.foreach_set("color", np.concatenate(values).ravel())


def make_file_material(source: FileMaterial, scratch: Path) -> bpy.types.Material:
    """The material of `source`; textures pass through the folder `scratch`. Raises TextureError for a damaged one."""
    material = bpy.data.materials.new("file material")
    tree = material.node_tree
    shader = tree.nodes["Principled BSDF"]
    color, opacity = _color(tree, source, scratch)
    tint = tree.nodes.new("ShaderNodeVectorMath")
    tint.operation, tint.name = "MULTIPLY", TINT_FACTOR
    tree.links.new(color, tint.inputs[0])
    tree.links.new(tint.outputs[0], shader.inputs["Base Color"])
    rough, metal = _value(tree, source.roughness), _value(tree, source.metallic)
    if source.metal_rough_texture is not None:
        split = tree.nodes.new("ShaderNodeSeparateColor")
        tree.links.new(_texture(tree, source.metal_rough_texture, scratch, False).outputs["Color"], split.inputs[0])
        rough = _times(tree, rough, split.outputs["Green"])
        metal = _times(tree, metal, split.outputs["Blue"])
    roughness = tree.nodes.new("ShaderNodeMath")
    roughness.operation, roughness.use_clamp, roughness.name = "MULTIPLY", True, ROUGHNESS_FACTOR
    tree.links.new(rough, roughness.inputs[0])
    tree.links.new(roughness.outputs[0], shader.inputs["Roughness"])
    tree.links.new(metal, shader.inputs["Metallic"])
    if source.normal_texture is not None and source.uv is not None:
        bent = tree.nodes.new("ShaderNodeNormalMap")
        bent.uv_map = UV
        tree.links.new(_texture(tree, source.normal_texture, scratch, False).outputs["Color"], bent.inputs["Color"])
        tree.links.new(bent.outputs["Normal"], shader.inputs["Normal"])
    if max(source.emission) > 0:
        shader.inputs["Emission Color"].default_value = (*source.emission, 1.0)
        shader.inputs["Emission Strength"].default_value = 1.0
        if source.emission_texture is not None:
            glow = _texture(tree, source.emission_texture, scratch, True).outputs["Color"]
            tree.links.new(_vector(tree, glow, source.emission), shader.inputs["Emission Color"])
    if source.alpha == "MASK":
        there = tree.nodes.new("ShaderNodeMath")
        there.operation = "GREATER_THAN"
        there.inputs[1].default_value = source.alpha_cutoff
        tree.links.new(opacity, there.inputs[0])
        opacity = there.outputs[0]
    if source.alpha in {"MASK", "BLEND"}:
        tree.links.new(opacity, shader.inputs["Alpha"])
    return material


def _color(tree: Any, source: FileMaterial, scratch: Path) -> tuple[Any, Any]:
    """Sockets of the colour and of the opacity: factor x texture x colour of the corners."""
    red, green, blue, alpha = source.color
    constant = tree.nodes.new("ShaderNodeCombineXYZ")
    for name, value in zip("XYZ", (red, green, blue), strict=True):
        constant.inputs[name].default_value = value
    color, opacity = constant.outputs[0], _value(tree, alpha)
    if source.color_texture is not None and source.uv is not None:
        texture = _texture(tree, source.color_texture, scratch, True)
        color = _vector(tree, texture.outputs["Color"], (red, green, blue))
        opacity = _times(tree, opacity, texture.outputs["Alpha"])
    if source.colors is not None:
        painted = tree.nodes.new("ShaderNodeVertexColor")
        painted.layer_name = COLORS
        color = _vector(tree, color, painted.outputs["Color"])
        opacity = _times(tree, opacity, painted.outputs["Alpha"])
    return color, opacity


def _texture(tree: Any, picture: Image.Image, scratch: Path, is_color: bool) -> Any:
    """A node that shows `picture`, which Blender keeps in memory as a compressed file."""
    try:
        picture.draft("RGB", (MAX_SIDE_PX, MAX_SIDE_PX))
        shrunk = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
        shrunk.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX))
        shrunk.save(scratch / "texture.png", compress_level=1)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise TextureError(
            f"a texture cannot be read ({error}); export the file again, or give the part a material in the part list"
        ) from None
    image = bpy.data.images.load(str(scratch / "texture.png"))
    image.name = hashlib.sha256((scratch / "texture.png").read_bytes()).hexdigest()[:16]
    image.pack()
    image.colorspace_settings.name = "sRGB" if is_color else "Non-Color"
    node, place = tree.nodes.new("ShaderNodeTexImage"), tree.nodes.new("ShaderNodeUVMap")
    node.image, place.uv_map = image, UV
    tree.links.new(place.outputs["UV"], node.inputs["Vector"])
    return node


def _value(tree: Any, value: float) -> Any:
    node = tree.nodes.new("ShaderNodeValue")
    node.outputs[0].default_value = value
    return node.outputs[0]


def _times(tree: Any, one: Any, other: Any) -> Any:
    node = tree.nodes.new("ShaderNodeMath")
    node.operation = "MULTIPLY"
    tree.links.new(one, node.inputs[0])
    tree.links.new(other, node.inputs[1])
    return node.outputs[0]


def _vector(tree: Any, one: Any, other: Any) -> Any:
    node = tree.nodes.new("ShaderNodeVectorMath")
    node.operation = "MULTIPLY"
    tree.links.new(one, node.inputs[0])
    if isinstance(other, tuple):
        node.inputs[1].default_value = other
    else:
        tree.links.new(other, node.inputs[1])
    return node.outputs[0]
