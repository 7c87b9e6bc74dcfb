"""Structure of surfaces: where they are rougher, darker or higher than their mean. All procedural, in millimetres."""

from __future__ import annotations

from typing import Any

from render.materials.presets import PbrMaterial
from render.parts.geometry import Geometry

ROUND = 0.02
"""A part whose two sides differ by less than this share was turned: its brushing runs around its axis."""
STRETCH = 0.02
"""Width of a brushed streak over its length."""


def add(tree: Any, pbr: PbrMaterial, geometry: Geometry, shader: Any, roughness: Any, color: Any) -> None:
    """Adds the pattern of `pbr` to a shader's node `tree`; `roughness` and `color` are the sockets that it feeds."""
    unit_mm = float(geometry.size_mm.max())
    place = tree.nodes.new("ShaderNodeTexCoord").outputs["Object"]
    if pbr.pattern == "brushed":
        place = _along_the_brush(tree, shader, place, geometry)
    if pbr.pattern == "spangle":
        height = _cells(tree, place, unit_mm / pbr.grain_mm)
    elif pbr.pattern == "woven":
        height = _checks(tree, place, unit_mm / pbr.grain_mm)
    else:
        height = _noise(tree, place, unit_mm / pbr.grain_mm)
    spread = 0.25 * pbr.depth
    _map(tree, height, pbr.roughness - spread, pbr.roughness + spread, roughness)
    if pbr.pattern in {"spangle", "burnished", "brushed", "woven"}:
        _tint(tree, height, pbr, color)
    if pbr.pattern in {"blasted", "cast", "brushed"}:
        bump = tree.nodes.new("ShaderNodeBump")
        bump.inputs["Strength"].default_value = pbr.depth * 0.5
        bump.inputs["Distance"].default_value = 0.3 * pbr.grain_mm / unit_mm
        tree.links.new(height, bump.inputs["Height"])
        tree.links.new(bump.outputs["Normal"], shader.inputs["Normal"])


def _noise(tree: Any, place: Any, scale: float) -> Any:
    noise = tree.nodes.new("ShaderNodeTexNoise")
    noise.inputs["Scale"].default_value = scale
    noise.inputs["Detail"].default_value = 3.0
    tree.links.new(place, noise.inputs["Vector"])
    return noise.outputs["Fac"]


def _cells(tree: Any, place: Any, scale: float) -> Any:
    """One random value a crystal."""
    cells, grey = tree.nodes.new("ShaderNodeTexVoronoi"), tree.nodes.new("ShaderNodeSeparateColor")
    cells.inputs["Scale"].default_value = scale
    tree.links.new(place, cells.inputs["Vector"])
    tree.links.new(cells.outputs["Color"], grey.inputs["Color"])
    return grey.outputs["Red"]


def _checks(tree: Any, place: Any, scale: float) -> Any:
    """Threads over and under each other, as 0 and 1."""
    checks = tree.nodes.new("ShaderNodeTexChecker")
    checks.inputs["Scale"].default_value = scale
    tree.links.new(place, checks.inputs["Vector"])
    return checks.outputs["Fac"]


def _along_the_brush(tree: Any, shader: Any, place: Any, geometry: Geometry) -> Any:
    """Coordinates stretched along the brushing: around the axis of a turned part, else along the longest side."""
    size = geometry.size_mm
    order = size.argsort()
    pairs = ((order[0], order[1], order[2]), (order[1], order[2], order[0]))
    axis = next((c for a, b, c in pairs if abs(size[a] - size[b]) <= ROUND * size[b]), None)
    if axis is None:
        return _along_a_side(tree, place, int(order[2]), int(order[1]))
    tangent = tree.nodes.new("ShaderNodeTangent")
    tangent.direction_type, tangent.axis = "RADIAL", "XYZ"[axis]
    tree.links.new(tangent.outputs["Tangent"], shader.inputs["Tangent"])
    flat = _vector(tree, "MULTIPLY", place, tuple(0.0 if at == axis else 1.0 for at in range(3)))
    length, split, join = (
        tree.nodes.new(kind) for kind in ("ShaderNodeVectorMath", "ShaderNodeSeparateXYZ", "ShaderNodeCombineXYZ")
    )
    length.operation = "LENGTH"
    tree.links.new(flat, length.inputs[0])
    tree.links.new(place, split.inputs["Vector"])
    tree.links.new(length.outputs["Value"], join.inputs["X"])
    tree.links.new(split.outputs["XYZ"[axis]], join.inputs["Y"])
    return join.outputs["Vector"]


def _along_a_side(tree: Any, place: Any, side: int, other: int) -> Any:
    """Streaks along axis `side` where the surface holds it, along its projection elsewhere, `other` at the ends."""
    normal = tree.nodes.new("ShaderNodeTexCoord").outputs["Normal"]
    split, steep = tree.nodes.new("ShaderNodeSeparateXYZ"), tree.nodes.new("ShaderNodeMath")
    steep.operation = "ABSOLUTE"
    tree.links.new(normal, split.inputs["Vector"])
    tree.links.new(split.outputs["XYZ"[side]], steep.inputs[0])
    held = _vector(tree, "MULTIPLY", place, tuple(STRETCH if at == side else 1.0 for at in range(3)))
    along, instead = (tuple(1.0 if at == axis else 0.0 for at in range(3)) for axis in (side, other))
    direction = _choose(tree, steep.outputs[0], 0.9, along, instead)
    across = _vector(tree, "NORMALIZE", _vector(tree, "CROSS_PRODUCT", normal, direction))
    streak = _vector(tree, "CROSS_PRODUCT", across, normal)
    join, shrink = tree.nodes.new("ShaderNodeCombineXYZ"), tree.nodes.new("ShaderNodeMath")
    shrink.operation = "MULTIPLY"
    shrink.inputs[1].default_value = STRETCH
    tree.links.new(_vector(tree, "DOT_PRODUCT", place, across, "Value"), join.inputs["X"])
    tree.links.new(_vector(tree, "DOT_PRODUCT", place, normal, "Value"), join.inputs["Y"])
    tree.links.new(_vector(tree, "DOT_PRODUCT", place, streak, "Value"), shrink.inputs[0])
    tree.links.new(shrink.outputs[0], join.inputs["Z"])
    return _choose(tree, steep.outputs[0], 0.3, held, join.outputs["Vector"])


def _choose(tree: Any, value: Any, limit: float, below: Any, above: Any) -> Any:
    """The vector `below` (socket or constant) where `value` is at most `limit`, else `above`."""
    test, mix = tree.nodes.new("ShaderNodeMath"), tree.nodes.new("ShaderNodeMix")
    test.operation, mix.data_type = "GREATER_THAN", "VECTOR"
    test.inputs[1].default_value = limit
    tree.links.new(value, test.inputs[0])
    tree.links.new(test.outputs[0], mix.inputs["Factor"])
    for name, vector in (("A", below), ("B", above)):
        _feed(tree, vector, next(i for i in mix.inputs if i.name == name and i.type == "VECTOR"))
    return next(o for o in mix.outputs if o.type == "VECTOR")


def _feed(tree: Any, value: Any, to: Any) -> None:
    if isinstance(value, tuple):
        to.default_value = value
    else:
        tree.links.new(value, to)


def _vector(tree: Any, operation: str, value: Any, by: Any = None, output: str = "Vector") -> Any:
    """One step of vector arithmetic; `by` is a socket or a constant."""
    node = tree.nodes.new("ShaderNodeVectorMath")
    node.operation = operation
    tree.links.new(value, node.inputs[0])
    if by is not None:
        _feed(tree, by, node.inputs[1])
    return node.outputs[output]


def _map(tree: Any, value: Any, low: float, high: float, to: Any) -> None:
    spread = tree.nodes.new("ShaderNodeMapRange")
    spread.inputs["From Min"].default_value, spread.inputs["From Max"].default_value = 0.2, 0.8
    spread.inputs["To Min"].default_value, spread.inputs["To Max"].default_value = max(0.02, low), min(1.0, high)
    tree.links.new(value, spread.inputs["Value"])
    tree.links.new(spread.outputs["Result"], to)


def _tint(tree: Any, value: Any, pbr: PbrMaterial, to: Any) -> None:
    ramp = tree.nodes.new("ShaderNodeValToRGB")
    for element, factor, at in zip(ramp.color_ramp.elements, (1 - 0.35 * pbr.depth, 1.0), (0.25, 0.75), strict=True):
        element.color = (*(channel * factor for channel in pbr.color), 1.0)
        element.position = at
    tree.links.new(value, ramp.inputs["Fac"])
    tree.links.new(ramp.outputs["Color"], to)
