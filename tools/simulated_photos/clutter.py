"""Things that happen to lie about: pencils, blocks, cables, coins, tape, notes, tools."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy
import numpy as np
from numpy.random import Generator

from simulated_photos.nodes import Color, plain_material
from simulated_photos.plan import CLUTTER, Thing

VIVID: tuple[Color, ...] = (
    (0.65, 0.04, 0.03), (0.75, 0.42, 0.02), (0.02, 0.12, 0.45), (0.03, 0.28, 0.09), (0.02, 0.02, 0.02), (0.6, 0.6, 0.6),
)  # fmt: skip


def _vivid(rng: Generator) -> Color:
    return VIVID[rng.integers(len(VIVID))]


def add_mesh(name: str, vertices: Any, faces: Any, material: Any, smooth_angle: float = 30.0) -> Any:
    """Links a new object; edges sharper than `smooth_angle` degrees stay sharp."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(np.asarray(vertices).tolist(), [], [list(map(int, face)) for face in faces])
    mesh.shade_smooth()
    mesh.set_sharp_from_angle(angle=np.radians(smooth_angle))
    mesh.materials.append(material)
    thing = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(thing)
    return thing


def _lathe(profile: list[tuple[float, float]], sides: int, material: Any, name: str) -> Any:
    """Turns (x along the axis, radius) points about the x axis; the result lies on z = 0."""
    angles = np.arange(sides) * 2 * np.pi / sides + np.pi / sides
    largest = max(radius for _, radius in profile) * (np.cos(np.pi / sides) if sides < 12 else 1.0)
    rings = [(x, r * np.cos(a), r * np.sin(a) + largest) for x, r in profile for a in angles]
    faces: list[list[int]] = []
    for ring in range(len(profile) - 1):
        for side in range(sides):
            a, b = ring * sides + side, ring * sides + (side + 1) % sides
            faces.append([a, b, b + sides, a + sides])
    last = (len(profile) - 1) * sides
    faces += [list(range(sides))[::-1], list(range(last, last + sides))]
    return add_mesh(name, rings, faces, material)


def pencil(rng: Generator) -> list[Any]:
    paint, wood = plain_material("paint", _vivid(rng), 0.3), plain_material("wood", (0.6, 0.4, 0.22), 0.6)
    lead = plain_material("lead", (0.03, 0.03, 0.03), 0.4)
    body = _lathe([(-7.0, 0.37), (5.2, 0.37)], 6, paint, "pencil")
    point = _lathe([(5.2, 0.36), (6.6, 0.1)], 12, wood, "point")
    tip = _lathe([(6.6, 0.1), (7.0, 0.01)], 12, lead, "tip")
    point.location.z, tip.location.z = -0.04, 0.22
    return [body, point, tip]


def block(rng: Generator) -> list[Any]:
    height = rng.uniform(1.0, 2.2)
    x, y = 2.5, 1.5
    corners = [(sx * x, sy * y, z) for z in (0, height) for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    faces = [(3, 2, 1, 0), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)]
    wood = rng.random() < 0.5
    color = (0.5, 0.34, 0.18) if wood else _vivid(rng)
    return [add_mesh("block", corners, faces, plain_material("block", color, 0.6 if wood else 0.3))]


def _tube(points: list[tuple[float, float, float]], radius: float, material: Any, curved: bool) -> Any:
    curve = bpy.data.curves.new("tube", "CURVE")
    curve.dimensions, curve.bevel_depth, curve.bevel_resolution, curve.use_fill_caps = "3D", radius, 4, True
    spline = curve.splines.new("NURBS" if curved else "POLY")
    spline.points.add(len(points) - 1)
    for point, place in zip(spline.points, points, strict=True):
        point.co = (*place, 1.0)
    spline.use_endpoint_u = True
    curve.materials.append(material)
    thing = bpy.data.objects.new("tube", curve)
    bpy.context.scene.collection.objects.link(thing)
    return thing


def cable(rng: Generator) -> list[Any]:
    radius = float(rng.uniform(0.12, 0.24))
    points = [(x, float(rng.uniform(-1.8, 1.8)), radius) for x in (-6.0, -4.0, -2.0, 0.0, 2.0, 4.0, 6.0)]
    return [_tube(points, radius, plain_material("cable", _vivid(rng), 0.45), curved=True)]


def coin(rng: Generator) -> list[Any]:
    color = [(0.72, 0.48, 0.22), (0.6, 0.58, 0.54), (0.6, 0.3, 0.17)][rng.integers(3)]
    disc = _lathe(
        [(0.0, 1.1), (0.02, 1.15), (0.18, 1.15), (0.2, 1.1)], 48, plain_material("coin", color, 0.3, 1.0), "coin"
    )
    disc.rotation_euler = (0, -np.pi / 2, 0)
    for vertex in disc.data.vertices:
        vertex.co.z -= 1.15
    return [disc]


def tape_roll(rng: Generator) -> list[Any]:
    profile = [(0.0, 2.0), (0.0, 3.2), (1.9, 3.2), (1.9, 2.0), (0.0, 2.0)]
    sides = 64
    angles = np.arange(sides) * 2 * np.pi / sides
    vertices = [(r * np.cos(a), r * np.sin(a), z) for z, r in profile[:4] for a in angles]
    faces = [
        [p * sides + s, p * sides + (s + 1) % sides, ((p + 1) % 4) * sides + (s + 1) % sides, ((p + 1) % 4) * sides + s]
        for p in range(4)
        for s in range(sides)
    ]
    return [add_mesh("tape", vertices, faces, plain_material("tape", _vivid(rng), 0.35))]


def sticky_note(rng: Generator) -> list[Any]:
    """A square of paper whose free edge lifts off the table."""
    color = [(0.85, 0.72, 0.1), (0.8, 0.3, 0.4), (0.25, 0.45, 0.55)][rng.integers(3)]
    steps = np.linspace(-3.8, 3.8, 12)
    vertices = [(x, y, 0.03 + 0.7 * max(0.0, (x + 1) / 4.8) ** 2.5) for x in steps for y in (-3.8, 3.8)]
    faces = [(2 * i, 2 * i + 2, 2 * i + 3, 2 * i + 1) for i in range(len(steps) - 1)]
    return [add_mesh("note", vertices, faces, plain_material("note", color, 0.8))]


def screwdriver(rng: Generator) -> list[Any]:
    handle = [(-8.5, 0.7), (-8.2, 1.1), (-5.0, 1.25), (-1.5, 1.0), (-0.8, 0.7), (-0.2, 0.9), (0.0, 0.6)]
    grip = _lathe(handle, 24, plain_material("grip", _vivid(rng), 0.35), "grip")
    shaft = _lathe(
        [(0.0, 0.3), (7.6, 0.3), (8.5, 0.16)], 24, plain_material("shaft", (0.6, 0.6, 0.6), 0.2, 1.0), "shaft"
    )
    shaft.location.z = 0.95
    return [grip, shaft]


def hex_key(rng: Generator) -> list[Any]:
    steel = plain_material("key", (0.08, 0.08, 0.085), 0.35, 1.0)
    return [
        _tube([(-3.5, 1.0, 0.25), (-3.4, -0.4, 0.25), (-2.9, -0.9, 0.25), (3.5, -0.9, 0.25)], 0.25, steel, curved=False)
    ]


_MAKERS: dict[str, Callable[[Generator], list[Any]]] = {
    "pencil": pencil,
    "block": block,
    "cable": cable,
    "coin": coin,
    "tape_roll": tape_roll,
    "sticky_note": sticky_note,
    "screwdriver": screwdriver,
    "hex_key": hex_key,
}
assert set(_MAKERS) | {"part"} == set(CLUTTER)


def place_thing(thing: Thing, other_part: Callable[[Generator], list[Any]]) -> None:
    """Makes a thing and puts it where the plan says; `other_part` makes one of the catalogue's other parts."""
    rng = np.random.default_rng(thing.seed)
    for piece in _MAKERS.get(thing.kind, other_part)(rng):
        # A coin stands on its rim until its own rotation is applied, so the yaw goes on a parent.
        holder = bpy.data.objects.new("holder", None)
        bpy.context.scene.collection.objects.link(holder)
        holder.location, holder.rotation_euler = (thing.x, thing.y, 0), (0, 0, thing.yaw)
        piece.parent = holder
