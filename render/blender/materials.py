"""Looks to Blender materials: one physically based shader with a procedural pattern scaled to the part's real size."""

from __future__ import annotations

from typing import Any

import bpy

from render.geometry import Geometry
from render.materials import Look

ROUND = 0.02
"""A part whose two sides differ by less than this share was turned: its brushing runs around its axis."""


def make_material(look: Look, geometry: Geometry) -> bpy.types.Material:
    material = bpy.data.materials.new(look.name)
    tree = material.node_tree
    shader = tree.nodes["Principled BSDF"]
    values: dict[str, Any] = {
        "Base Color": (*look.color, 1.0),
        "Metallic": look.metallic,
        "Roughness": look.roughness,
        "IOR": look.ior,
        "Specular Tint": (*look.edge, 1.0),
        "Transmission Weight": look.transmission,
        "Coat Weight": look.coat,
        "Coat Roughness": look.coat_roughness,
        "Anisotropic": look.anisotropy,
    }
    for name, value in values.items():
        shader.inputs[name].default_value = value
    if look.pattern != "none":
        _add_pattern(tree, shader, look, geometry)
    return material


def _add_pattern(tree: Any, shader: Any, look: Look, geometry: Geometry) -> None:
    """Structure of the surface: where it is rougher, darker or higher than its mean."""
    unit_mm = float(geometry.size_mm.max())
    place = tree.nodes.new("ShaderNodeTexCoord").outputs["Object"]
    if look.pattern == "brushed":
        place = _along_the_brush(tree, shader, place, geometry)
    if look.pattern == "spangle":
        cells = tree.nodes.new("ShaderNodeTexVoronoi")
        cells.inputs["Scale"].default_value = unit_mm / look.grain_mm
        tree.links.new(place, cells.inputs["Vector"])
        grey = tree.nodes.new("ShaderNodeSeparateColor")
        tree.links.new(cells.outputs["Color"], grey.inputs["Color"])
        value = grey.outputs["Red"]
    else:
        noise = tree.nodes.new("ShaderNodeTexNoise")
        noise.inputs["Scale"].default_value = unit_mm / look.grain_mm
        noise.inputs["Detail"].default_value = 3.0
        tree.links.new(place, noise.inputs["Vector"])
        value = noise.outputs["Fac"]
    spread = 0.25 * look.depth
    _vary(tree, value, look.roughness - spread, look.roughness + spread, shader.inputs["Roughness"])
    if look.pattern in {"spangle", "burnished", "brushed"}:
        _tint(tree, value, look, shader)
    if look.pattern in {"blasted", "cast", "brushed"}:
        bump = tree.nodes.new("ShaderNodeBump")
        bump.inputs["Strength"].default_value = look.depth * 0.5
        bump.inputs["Distance"].default_value = 0.3 * look.grain_mm / unit_mm
        tree.links.new(value, bump.inputs["Height"])
        tree.links.new(bump.outputs["Normal"], shader.inputs["Normal"])


def _along_the_brush(tree: Any, shader: Any, place: Any, geometry: Geometry) -> Any:
    """Coordinates stretched along the brushing: around the axis of a turned part, else along the longest side."""
    size = geometry.size_mm
    order = size.argsort()
    pairs = ((order[0], order[1], order[2]), (order[1], order[2], order[0]))
    axis = next((c for a, b, c in pairs if abs(size[a] - size[b]) <= ROUND * size[b]), None)
    if axis is not None:
        tangent = tree.nodes.new("ShaderNodeTangent")
        tangent.direction_type, tangent.axis = "RADIAL", "XYZ"[axis]
        tree.links.new(tangent.outputs["Tangent"], shader.inputs["Tangent"])
        length, split, join = (
            tree.nodes.new(kind) for kind in ("ShaderNodeVectorMath", "ShaderNodeSeparateXYZ", "ShaderNodeCombineXYZ")
        )
        flat = tree.nodes.new("ShaderNodeVectorMath")
        flat.operation, length.operation = "MULTIPLY", "LENGTH"
        flat.inputs[1].default_value = tuple(0.0 if at == axis else 1.0 for at in range(3))
        tree.links.new(place, flat.inputs[0])
        tree.links.new(flat.outputs["Vector"], length.inputs[0])
        tree.links.new(place, split.inputs["Vector"])
        tree.links.new(length.outputs["Value"], join.inputs["X"])
        tree.links.new(split.outputs["XYZ"[axis]], join.inputs["Y"])
        return join.outputs["Vector"]
    stretch = tree.nodes.new("ShaderNodeVectorMath")
    stretch.operation = "MULTIPLY"
    stretch.inputs[1].default_value = tuple(0.02 if at == order[2] else 1.0 for at in range(3))
    tree.links.new(place, stretch.inputs[0])
    return stretch.outputs["Vector"]


def _vary(tree: Any, value: Any, low: float, high: float, to: Any) -> None:
    spread = tree.nodes.new("ShaderNodeMapRange")
    spread.inputs["From Min"].default_value, spread.inputs["From Max"].default_value = 0.2, 0.8
    spread.inputs["To Min"].default_value, spread.inputs["To Max"].default_value = max(0.02, low), min(1.0, high)
    tree.links.new(value, spread.inputs["Value"])
    tree.links.new(spread.outputs["Result"], to)


def _tint(tree: Any, value: Any, look: Look, shader: Any) -> None:
    ramp = tree.nodes.new("ShaderNodeValToRGB")
    for element, factor, at in zip(ramp.color_ramp.elements, (1 - 0.35 * look.depth, 1.0), (0.25, 0.75), strict=True):
        element.color = (*(channel * factor for channel in look.color), 1.0)
        element.position = at
    tree.links.new(value, ramp.inputs["Fac"])
    tree.links.new(ramp.outputs["Color"], shader.inputs["Base Color"])
