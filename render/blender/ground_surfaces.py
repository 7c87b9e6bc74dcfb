"""Surfaces that parts are photographed on: paper, wood, concrete, steel, fabric, laminate. Procedural, in millimetres.

Each has a node "colour" whose output is its mean colour, and a node "place" that says which of its places lies where.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy


def make_surface(surface: str, unit_mm: float) -> bpy.types.Material:
    """The material called `surface` for a plane whose scene unit is `unit_mm` long."""
    material = bpy.data.materials.new(f"ground {surface}")
    tree = material.node_tree
    colour, place = tree.nodes.new("ShaderNodeRGB"), tree.nodes.new("ShaderNodeMapping")
    colour.name, place.name = "colour", "place"
    place.inputs["Scale"].default_value = (unit_mm, unit_mm, unit_mm)
    tree.links.new(tree.nodes.new("ShaderNodeTexCoord").outputs["Object"], place.inputs["Vector"])
    SURFACES[surface](tree, tree.nodes["Principled BSDF"], colour.outputs[0], place.outputs["Vector"])
    return material


def _paper(tree: Any, shader: Any, colour: Any, place: Any) -> None:
    shader.inputs["Roughness"].default_value = 0.85
    tree.links.new(_shaded(tree, colour, _noise(tree, place, 30), 0.97, 1.0), shader.inputs["Base Color"])
    _bump(tree, shader, _noise(tree, place, 0.4), 0.15, 0.05)


def _wood(tree: Any, shader: Any, colour: Any, place: Any) -> None:
    """Boards of glued laminated timber: fibres along x, each stave of another shade."""
    shader.inputs["Roughness"].default_value = 0.42
    shader.inputs["Coat Weight"].default_value = 0.15
    shader.inputs["Coat Roughness"].default_value = 0.3
    staves = tree.nodes.new("ShaderNodeTexBrick")
    staves.inputs["Scale"].default_value = 1.0
    staves.inputs["Brick Width"].default_value, staves.inputs["Row Height"].default_value = 620.0, 46.0
    staves.inputs["Mortar Size"].default_value = 0.25
    staves.inputs["Color1"].default_value, staves.inputs["Color2"].default_value = (0.0,) * 3 + (1,), (1,) * 4
    staves.inputs["Mortar"].default_value = (0.25, 0.25, 0.25, 1)
    tree.links.new(place, staves.inputs["Vector"])
    # Every stave is cut from another tree: its grain is moved by its shade.
    moved = tree.nodes.new("ShaderNodeVectorMath")
    moved.operation = "MULTIPLY_ADD"
    moved.inputs[1].default_value = (900.0, 700.0, 500.0)
    tree.links.new(staves.outputs["Color"], moved.inputs[0])
    tree.links.new(place, moved.inputs[2])
    rings = _noise(tree, _scaled(tree, moved.outputs[0], (1 / 400, 1 / 9, 1 / 9)), 1.0, 2.0)
    fibres = _noise(tree, _scaled(tree, moved.outputs[0], (1 / 60, 1 / 0.7, 1 / 0.7)), 1.0, 3.0)
    shade = _shaded(tree, colour, rings, 0.72, 1.18)
    shade = _shaded(tree, shade, fibres, 0.82, 1.12)
    tree.links.new(_shaded(tree, shade, staves.outputs["Color"], 0.86, 1.08, whole=True), shader.inputs["Base Color"])
    _bump(tree, shader, fibres, 0.12, 0.1)


def _concrete(tree: Any, shader: Any, colour: Any, place: Any) -> None:
    shader.inputs["Roughness"].default_value = 0.8
    clouds, sand = _noise(tree, place, 90, 5.0), _noise(tree, place, 1.2, 2.0)
    pores, holes = tree.nodes.new("ShaderNodeTexVoronoi"), tree.nodes.new("ShaderNodeMapRange")
    pores.inputs["Scale"].default_value = 1 / 14
    tree.links.new(place, pores.inputs["Vector"])
    holes.inputs["From Min"].default_value, holes.inputs["From Max"].default_value = 0.03, 0.07
    tree.links.new(pores.outputs["Distance"], holes.inputs["Value"])
    shade = _shaded(tree, _shaded(tree, colour, clouds, 0.75, 1.2), sand, 0.85, 1.12)
    tree.links.new(_shaded(tree, shade, holes.outputs["Result"], 0.45, 1.0, whole=True), shader.inputs["Base Color"])
    _bump(tree, shader, sand, 0.25, 0.3)


def _steel(tree: Any, shader: Any, colour: Any, place: Any) -> None:
    """A workbench's sheet steel: ground along x, used."""
    shader.inputs["Metallic"].default_value = 1.0
    streaks = _noise(tree, _scaled(tree, place, (1 / 90, 1 / 0.5, 1 / 0.5)), 1.0, 2.0)
    stains = _noise(tree, place, 120, 4.0)
    tree.links.new(_ranged(tree, stains, 0.38, 0.62), shader.inputs["Roughness"])
    tree.links.new(
        _shaded(tree, _shaded(tree, colour, streaks, 0.85, 1.1), stains, 0.8, 1.1), shader.inputs["Base Color"]
    )
    _bump(tree, shader, streaks, 0.12, 0.03)


def _fabric(tree: Any, shader: Any, colour: Any, place: Any) -> None:
    """Plain weave, a thread a millimetre."""
    shader.inputs["Roughness"].default_value = 0.95
    shader.inputs["Sheen Weight"].default_value = 0.3
    waves = []
    for axis in "XY":
        wave = tree.nodes.new("ShaderNodeTexWave")
        wave.bands_direction = axis
        wave.inputs["Scale"].default_value = 0.3
        wave.inputs["Distortion"].default_value = 0.6
        tree.links.new(place, wave.inputs["Vector"])
        waves.append(wave.outputs["Fac"])
    weave = tree.nodes.new("ShaderNodeMath")
    weave.operation = "MULTIPLY"
    tree.links.new(waves[0], weave.inputs[0])
    tree.links.new(waves[1], weave.inputs[1])
    shade = _shaded(tree, colour, weave.outputs[0], 0.55, 1.25, whole=True)
    tree.links.new(_shaded(tree, shade, _noise(tree, place, 150, 3.0), 0.85, 1.1), shader.inputs["Base Color"])
    _bump(tree, shader, weave.outputs[0], 0.5, 0.3)


def _laminate(tree: Any, shader: Any, colour: Any, place: Any) -> None:
    """A coated tabletop: even, slightly speckled, with a soft sheen."""
    shader.inputs["Roughness"].default_value = 0.3
    tree.links.new(_shaded(tree, colour, _noise(tree, place, 0.9, 2.0), 0.9, 1.07), shader.inputs["Base Color"])
    _bump(tree, shader, _noise(tree, place, 0.6), 0.06, 0.05)


def _noise(tree: Any, place: Any, size_mm: float, detail: float = 1.0) -> Any:
    noise = tree.nodes.new("ShaderNodeTexNoise")
    noise.inputs["Scale"].default_value = 1 / size_mm
    noise.inputs["Detail"].default_value = detail
    tree.links.new(place, noise.inputs["Vector"])
    return noise.outputs["Fac"]


def _scaled(tree: Any, place: Any, by: tuple[float, float, float]) -> Any:
    scaled = tree.nodes.new("ShaderNodeVectorMath")
    scaled.operation = "MULTIPLY"
    scaled.inputs[1].default_value = by
    tree.links.new(place, scaled.inputs[0])
    return scaled.outputs[0]


def _ranged(tree: Any, value: Any, low: float, high: float, whole: bool = False) -> Any:
    """`value` brought to `low`..`high`; noise hardly leaves 0.25..0.75, other values use the `whole` of 0..1."""
    spread = tree.nodes.new("ShaderNodeMapRange")
    first, last = (0.0, 1.0) if whole else (0.25, 0.75)
    spread.inputs["From Min"].default_value, spread.inputs["From Max"].default_value = first, last
    spread.inputs["To Min"].default_value, spread.inputs["To Max"].default_value = low, high
    tree.links.new(value, spread.inputs["Value"])
    return spread.outputs["Result"]


def _shaded(tree: Any, colour: Any, value: Any, low: float, high: float, whole: bool = False) -> Any:
    """`colour` times a factor from `low` to `high` by `value`."""
    shade = tree.nodes.new("ShaderNodeVectorMath")
    shade.operation = "SCALE"
    tree.links.new(colour, shade.inputs[0])
    tree.links.new(_ranged(tree, value, low, high, whole), shade.inputs["Scale"])
    return shade.outputs[0]


def _bump(tree: Any, shader: Any, height: Any, strength: float, depth_mm: float) -> None:
    """Relief; its depth is that of the texture's own frame, which is in millimetres."""
    bump = tree.nodes.new("ShaderNodeBump")
    bump.inputs["Strength"].default_value = strength
    bump.inputs["Distance"].default_value = depth_mm * bump_scale(tree)
    tree.links.new(height, bump.inputs["Height"])
    tree.links.new(bump.outputs["Normal"], shader.inputs["Normal"])


def bump_scale(tree: Any) -> float:
    """Scene units in a millimetre."""
    return 1.0 / float(tree.nodes["place"].inputs["Scale"].default_value[0])


SURFACES: dict[str, Callable[[Any, Any, Any, Any], None]] = {
    "paper": _paper,
    "wood": _wood,
    "concrete": _concrete,
    "steel": _steel,
    "fabric": _fabric,
    "laminate": _laminate,
}
