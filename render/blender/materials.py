"""Presets to Blender materials: one physically based shader, with a pattern scaled to the part's real size."""

from __future__ import annotations

from typing import Any

import bpy

from render.blender import surface_patterns
from render.materials.presets import PbrMaterial
from render.parts.geometry import Geometry
from render.views.description import MaterialVariation

ROUGHNESS_FACTOR, TINT_FACTOR = "roughness factor", "tint factor"


def make_material(pbr: PbrMaterial, geometry: Geometry) -> bpy.types.Material:
    """The material of `pbr` for a part of this size and shape. `vary_material` changes it from view to view."""
    material = bpy.data.materials.new(pbr.name)
    tree = material.node_tree
    shader = tree.nodes["Principled BSDF"]
    values: dict[str, Any] = {
        "Metallic": pbr.metallic,
        "IOR": pbr.ior,
        "Specular Tint": (*pbr.edge, 1.0),
        "Transmission Weight": pbr.transmission,
        "Coat Weight": pbr.coat,
        "Coat Roughness": pbr.coat_roughness,
        "Anisotropic": pbr.anisotropy,
    }
    for name, value in values.items():
        shader.inputs[name].default_value = value
    roughness, tint = tree.nodes.new("ShaderNodeMath"), tree.nodes.new("ShaderNodeVectorMath")
    roughness.operation = tint.operation = "MULTIPLY"
    roughness.use_clamp = True
    roughness.name, tint.name = ROUGHNESS_FACTOR, TINT_FACTOR
    roughness.inputs[0].default_value = pbr.roughness
    tint.inputs[0].default_value = pbr.color
    tree.links.new(roughness.outputs[0], shader.inputs["Roughness"])
    tree.links.new(tint.outputs[0], shader.inputs["Base Color"])
    if pbr.pattern != "none":
        surface_patterns.add(tree, pbr, geometry, shader, roughness.inputs[0], tint.inputs[0])
    return material


def vary_material(material: bpy.types.Material, variation: MaterialVariation) -> None:
    """Makes `material` a little rougher or smoother, darker or lighter; a user's own material stays as it is."""
    nodes = material.node_tree.nodes
    if ROUGHNESS_FACTOR not in nodes or TINT_FACTOR not in nodes:
        return
    nodes[ROUGHNESS_FACTOR].inputs[1].default_value = variation.roughness
    nodes[TINT_FACTOR].inputs[1].default_value = variation.tint
