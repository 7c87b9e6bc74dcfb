"""What stands around a part: the unseen table that it lies on, and lamps."""

from __future__ import annotations

import bpy
import numpy as np
from mathutils import Vector
from numpy.typing import NDArray

from render.materials.colors import Rgb
from render.views.lighting import Lamp

TABLE_SIDE = 12.0
"""In sizes of the part: large enough to be the horizon of what the part reflects downwards."""
LAMP_WATTS = 60.0
"""Of a lamp with power 1 at distance 1: as bright on the part as the surroundings are."""


class Table:
    """A diffuse square that light and reflections see but the camera does not."""

    def __init__(self, scene: bpy.types.Scene) -> None:
        half = TABLE_SIDE / 2
        mesh = bpy.data.meshes.new("table")
        mesh.from_pydata([(-half, -half, 0), (half, -half, 0), (half, half, 0), (-half, half, 0)], [], [(0, 1, 2, 3)])
        material = bpy.data.materials.new("table")
        self._shader = material.node_tree.nodes["Principled BSDF"]
        self._shader.inputs["Roughness"].default_value = 0.8
        mesh.materials.append(material)
        self._object = bpy.data.objects.new("table", mesh)
        # Nor may clear parts show it: what lies behind them is for whoever composites them to say.
        self._object.visible_camera = self._object.visible_transmission = False
        scene.collection.objects.link(self._object)

    def place(self, color: Rgb | None, height: float) -> None:
        """Puts the table at `height` in `color` (linear RGB), or away (None)."""
        self._object.hide_render = color is None
        if color is not None:
            self._object.location = (0, 0, height)
            self._shader.inputs["Base Color"].default_value = (*color, 1.0)


class Lamps:
    """Square area lights, as many as a view can have."""

    def __init__(self, scene: bpy.types.Scene, count: int) -> None:
        self._objects = []
        for _ in range(count):
            lamp = bpy.data.objects.new("lamp", bpy.data.lights.new("lamp", "AREA"))
            scene.collection.objects.link(lamp)
            self._objects.append(lamp)

    def place(self, lamps: tuple[Lamp, ...], turn: NDArray[np.float64]) -> None:
        """Puts each lamp in its place; `turn` (3, 3) takes the lit frame to the scene's."""
        for thing, lamp in zip(self._objects, lamps, strict=True):
            direction = Vector(turn @ np.array(lamp.direction))
            thing.location = direction * lamp.distance
            thing.rotation_euler = direction.to_track_quat("Z", "Y").to_euler()
            thing.data.size = lamp.size
            thing.data.energy = LAMP_WATTS * lamp.power * lamp.distance**2
