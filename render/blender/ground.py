"""The ground under a part: a level surface that catches its shadow, rendered without the part, to lie behind it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bpy

from render.blender.ground_surfaces import make_surface
from render.views.backgrounds import Ground

HALF_SIDE = 200.0
"""In sizes of the part: the horizon."""
BELOW = 1e-4
"""How far below the part's lowest point it lies, in sizes of the part: faces in one plane would flicker."""


class GroundPlane:
    """Light and reflections always see it; the camera only while it is `shown_instead_of` the part."""

    def __init__(self, scene: bpy.types.Scene, unit_mm: float) -> None:
        """`unit_mm`: the part's size, which is 1 in the scene."""
        self._unit_mm = unit_mm
        self._surfaces: dict[str, bpy.types.Material] = {}
        mesh = bpy.data.meshes.new("ground")
        a = HALF_SIDE
        mesh.from_pydata([(-a, -a, 0), (a, -a, 0), (a, a, 0), (-a, a, 0)], [], [(0, 1, 2, 3)])
        mesh.materials.append(None)
        self._object = bpy.data.objects.new("ground", mesh)
        # As with the table: what lies behind clear parts is laid behind them.
        self._object.visible_camera = self._object.visible_transmission = False
        scene.collection.objects.link(self._object)

    def place(self, ground: Ground | None, lowest: float) -> None:
        """Puts it under a part whose lowest point is at height `lowest`, or away (None)."""
        self._object.hide_render = ground is None
        if ground is None:
            return
        if ground.surface not in self._surfaces:
            self._surfaces[ground.surface] = make_surface(ground.surface, self._unit_mm)
        material = self._surfaces[ground.surface]
        nodes = material.node_tree.nodes
        nodes["colour"].outputs[0].default_value = (*ground.color, 1.0)
        place, turn = nodes["place"].inputs, math.radians(ground.turn_deg)
        place["Location"].default_value = (*(shift for shift in ground.place_mm), 0.0)
        place["Rotation"].default_value = (0.0, 0.0, turn)
        self._object.data.materials[0] = material
        self._object.location = (0.0, 0.0, lowest - BELOW)

    @contextmanager
    def shown_instead_of(self, part: bpy.types.Object, camera: bpy.types.Object) -> Iterator[None]:
        """Shows it to the camera and hides the part from it: its shadow and its reflection stay."""
        changes: list[tuple[Any, str, Any]] = [
            (self._object, "visible_camera", True),
            (part, "visible_camera", False),
            (camera.data, "clip_end", 4 * HALF_SIDE),
        ]
        before = [(thing, name, getattr(thing, name)) for thing, name, _ in changes]
        for thing, name, value in changes:
            setattr(thing, name, value)
        try:
            yield
        finally:
            for thing, name, value in before:
                setattr(thing, name, value)
