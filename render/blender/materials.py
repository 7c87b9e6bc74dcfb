"""Looks to Blender materials: one physically based shader with a procedural pattern scaled to the part's real size."""

from __future__ import annotations

from typing import Any

import bpy

from render.blender import surface_patterns
from render.materials.presets import Look
from render.parts.geometry import Geometry
from render.views.description import Wear

ROUGHNESS_FACTOR, TINT_FACTOR = "roughness factor", "tint factor"


def make_material(look: Look, geometry: Geometry) -> bpy.types.Material:
    """The material of `look` for a part of this size and shape. `wear_material` changes it from view to view."""
    material = bpy.data.materials.new(look.name)
    tree = material.node_tree
    shader = tree.nodes["Principled BSDF"]
    values: dict[str, Any] = {
        "Metallic": look.metallic,
        "IOR": look.ior,
        "Specular Tint": (*look.edge, 1.0),
        "Transmission Weight": look.transmission,
        "Coat Weight": look.coat,
        "Coat Roughness": look.coat_roughness,
        "Anisotropic": look.anisotropy,
    }
    for name, value in values.items():
        shader.inputs[name].default_value = value
    roughness, tint = tree.nodes.new("ShaderNodeMath"), tree.nodes.new("ShaderNodeVectorMath")
    roughness.operation = tint.operation = "MULTIPLY"
    roughness.use_clamp = True
    roughness.name, tint.name = ROUGHNESS_FACTOR, TINT_FACTOR
    roughness.inputs[0].default_value = look.roughness
    tint.inputs[0].default_value = look.color
    tree.links.new(roughness.outputs[0], shader.inputs["Roughness"])
    tree.links.new(tint.outputs[0], shader.inputs["Base Color"])
    if look.pattern != "none":
        surface_patterns.add(tree, look, geometry, shader, roughness.inputs[0], tint.inputs[0])
    return material


def wear_material(material: bpy.types.Material, wear: Wear) -> None:
    """Makes `material` a little rougher or smoother, darker or lighter, as `wear` says; a user's own stays as it is."""
    nodes = material.node_tree.nodes
    if ROUGHNESS_FACTOR not in nodes or TINT_FACTOR not in nodes:
        return
    nodes[ROUGHNESS_FACTOR].inputs[1].default_value = wear.roughness
    nodes[TINT_FACTOR].inputs[1].default_value = wear.tint
