"""A Blender scene with one part in it, one camera and one world: realises the views of `render.views.description`."""

from __future__ import annotations

import math
from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from render.blender import cycles, environment_maps
from render.blender.body_materials import dress
from render.blender.device import use_device
from render.blender.ground import GroundPlane
from render.blender.material_library import Library
from render.blender.materials import wear_material
from render.blender.mesh import make_mesh
from render.blender.passes import Passes, render_passes
from render.blender.table_and_lamps import Lamps, Table
from render.blender.view_transform import displayed
from render.materials.assignment import Wardrobe
from render.parts.geometry import Geometry
from render.views.backgrounds import cut, lay_over, plain
from render.views.cameras import SENSOR_MM
from render.views.description import Shot, View
from render.views.environment_projection import directions, look_up
from render.views.quality import PRESETS, Preset

Box = tuple[int, int, int, int]
MARGIN_PX = 4
"""Around the part's rectangle: room for the pixel filter and for the denoiser to see the edge."""


class Studio:
    """One part set up for its views. The part is 1 long in the scene, so that tiny parts render like large ones."""

    def __init__(
        self,
        geometry: Geometry,
        wardrobe: Wardrobe,
        shot: Shot,
        threads: int,
        scratch: Path,
        preset: Preset | None = None,
        device: str = "cpu",
        card: int = 0,
    ) -> None:
        """`scratch`: a folder for Blender's output, on a quick disk; `preset`: instead of the one of `shot`."""
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self._scene = bpy.context.scene
        self._shot = shot
        self._scratch = scratch
        self._mm = float(geometry.size_mm.max())
        self._centre = geometry.centre_mm
        self._points = geometry.points
        self._preset = preset or PRESETS[shot.quality]
        self.device = use_device(self._scene, device, card)
        self._mesh = make_mesh(geometry, self._mm)
        dressed = dress(self._mesh, geometry, wardrobe, Library(shot.material_library), scratch)
        self.material = dressed.name
        cycles.configure(self._scene, self._preset, dressed.looks, threads)
        self._worlds = environment_maps.Worlds(shot.environment_maps)
        self._table = Table(self._scene)
        self._lamps = Lamps(self._scene, shot.area_lights)
        self._ground = GroundPlane(self._scene, self._mm) if shot.background == "ground" else None
        self._object = bpy.data.objects.new("part", self._mesh)
        self._scene.collection.objects.link(self._object)
        self._camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
        self._camera.data.sensor_width = SENSOR_MM
        self._scene.collection.objects.link(self._camera)
        self._scene.camera = self._camera

    def shoot(self, view: View) -> NDArray[np.uint8]:
        """Renders `view`: (size, size, 4) RGBA, straight alpha."""
        self._place(view)
        size = self._shot.size
        left, top, right, bottom = self.rectangle(view) if self._preset.part_only else (0, 0, size, size)
        picture = cycles.render_rectangle(self._scene, size, (left, top, right, bottom), self._scratch / "view.png")
        frame = np.zeros((size, size, 4), np.uint8)
        frame[top:bottom, left:right] = picture
        frame[frame[..., 3] == 0] = 0  # so that an empty pixel is the same everywhere, and compresses
        return frame

    def behind(self, view: View) -> NDArray[np.uint8] | None:
        """What its backdrop puts behind `view`, which was the last one shot: (size, size, 3); None without one."""
        backdrop, size = view.backdrop, self._shot.size
        if backdrop is None:
            return None
        if backdrop.mode == "color":
            return plain(backdrop.color, size)
        if backdrop.crop is not None:
            return cut(backdrop.crop, size)
        to_camera = np.diag([1.0, -1.0, -1.0]) @ np.array(self._camera.matrix_world)[:3, :3].T
        towards = directions(to_camera, view.camera.focal_length_mm, size)
        around = look_up(self._worlds.panorama(view.light.environment), towards)
        picture = displayed(self._scene, around * view.light.strength, self._scratch / "view.png")
        if self._ground is not None:
            with self._ground.seen(self._object, self._camera):
                ground = cycles.render_rectangle(self._scene, size, (0, 0, size, size), self._scratch / "view.png")
            picture = lay_over(ground, picture)[..., :3]
        return picture

    def passes(self, view: View) -> Passes:
        """Depth, normals, mask and bodies of `view`, which was the last one shot."""
        size = self._shot.size
        to_camera = np.diag([1.0, -1.0, -1.0]) @ np.array(self._camera.matrix_world)[:3, :3].T
        return render_passes(self._scene, size, self._mm, to_camera, self._scratch)

    def _place(self, view: View) -> None:
        """Poses part and camera. The world stays: turning both against it costs nothing, turning it costs 0.2 s."""
        angle = -math.radians(view.light.rotation_deg)
        c, s = math.cos(angle), math.sin(angle)
        turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
        turned = turn @ view.posed
        _set_matrix(self._object, turned, np.zeros(3))
        # World to camera is the camera's own rotation after the turn is undone; Blender looks along -z with y up.
        to_camera = view.camera.rotation @ turned.T
        shift = (view.camera.translation + view.camera.rotation @ self._centre) / self._mm
        _set_matrix(self._camera, to_camera.T @ np.diag([1.0, -1.0, -1.0]), -to_camera.T @ shift)
        self._camera.data.lens = view.camera.focal_length_mm
        distance = float(np.linalg.norm(shift))
        self._camera.data.clip_start, self._camera.data.clip_end = distance / 1000, distance + 10
        lowest = float(((self._points - self._centre) @ view.posed[2]).min()) / self._mm
        self._table.place(view.light.table, lowest)
        if self._ground is not None and view.backdrop is not None:
            self._ground.place(view.backdrop.ground, lowest)
        self._lamps.place(view.light.lamps, turn)
        for material in self._mesh.materials:
            wear_material(material, view.wear)
        world = self._worlds.find(view.light.environment)
        if self._scene.world is not world:
            self._scene.world = world
        self._scene.cycles.film_exposure = view.light.strength

    def rectangle(self, view: View) -> Box:
        """The part's rectangle of the frame, with a margin."""
        pixels = view.camera.project(self._points)
        lower = np.clip(np.floor(pixels.min(0)).astype(int) - MARGIN_PX, 0, self._shot.size - 1)
        upper = np.clip(np.ceil(pixels.max(0)).astype(int) + MARGIN_PX, lower + 1, self._shot.size)
        return int(lower[0]), int(lower[1]), int(upper[0]), int(upper[1])


def _set_matrix(thing: bpy.types.Object, rotation: NDArray[np.float64], location: NDArray[np.float64]) -> None:
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation, location
    thing.matrix_world = matrix.T  # Blender takes columns


def tight_box(picture: NDArray[np.uint8]) -> Box | None:
    """(x_min, y_min, x_max, y_max) of the pixels that the part touches, upper ends exclusive; None without any."""
    return Image.fromarray(picture[..., 3]).getbbox()
