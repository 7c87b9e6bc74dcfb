"""A Blender scene with one part in it, one camera and one world: realises the views of `render.views.description`."""

from __future__ import annotations

import math
from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from render.blender import cycles, environment_maps
from render.blender.body_materials import BodyMaterials
from render.blender.device import Compute, use_device
from render.blender.ground import GroundPlane
from render.blender.material_library import MaterialLibrary
from render.blender.materials import vary_material
from render.blender.mesh import make_mesh
from render.blender.passes import Passes, render_passes
from render.blender.table_and_lamps import Lamps, Table
from render.blender.view_transform import apply_view_transform
from render.materials.assignment import MaterialAssignment
from render.parts.geometry import Geometry
from render.views.backgrounds import cut, lay_over, plain
from render.views.cameras import SENSOR_MM
from render.views.description import View
from render.views.environment_projection import directions, look_up
from render.views.metering import light_of, stops
from render.views.quality import QUALITY_PRESETS, QualityPreset
from render.views.settings import RenderSettings

Box = tuple[int, int, int, int]
MARGIN_PX = 4
"""Around the part's rectangle: room for the pixel filter and for the denoiser to see the edge."""


class BlenderScene:
    """One part set up for its views. The part is 1 long in the scene, so that tiny parts render like large ones."""

    def __init__(
        self,
        geometry: Geometry,
        assigned: MaterialAssignment,
        settings: RenderSettings,
        compute: Compute,
        scratch: Path,
        preset: QualityPreset | None = None,
    ) -> None:
        """`scratch`: a folder for Blender's output, on a quick disk; `preset`: instead of the one of `settings`."""
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self._scene = bpy.context.scene
        self._settings = settings
        self._scratch = scratch
        self._mm = float(geometry.size_mm.max())
        self._centre = geometry.centre_mm
        self._points = geometry.points
        self.stops = 0.0
        """By how many stops the exposure of the last view was raised."""
        self._preset = preset or QUALITY_PRESETS[settings.quality]
        self.device = use_device(self._scene, compute)
        self._mesh = make_mesh(geometry, self._mm)
        library = MaterialLibrary(settings.material_library)
        self.materials = BodyMaterials(self._mesh, geometry, assigned, library, scratch)
        cycles.configure(self._scene, self._preset, compute.threads)
        cycles.plan_samples(self._scene, self._preset, self.materials.pbr)
        self._worlds = environment_maps.Worlds(settings.environment_maps)
        self._table = Table(self._scene)
        self._lamps = Lamps(self._scene, settings.area_lights)
        self._ground = GroundPlane(self._scene, self._mm) if settings.background == "ground" else None
        self._object = bpy.data.objects.new("part", self._mesh)
        self._scene.collection.objects.link(self._object)
        self._camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
        self._camera.data.sensor_width = SENSOR_MM
        self._scene.collection.objects.link(self._camera)
        self._scene.camera = self._camera

    def render(self, view: View) -> NDArray[np.uint8]:
        """The picture of `view`: (size, size, 4) RGBA, straight alpha."""
        turn = _world_turn(view)
        self._place_part_and_camera(view, turn)
        self._place_what_it_lies_on(view)
        if self.materials.dress(view.assigned):
            cycles.plan_samples(self._scene, self._preset, self.materials.pbr)
        for material in self._mesh.materials:
            vary_material(material, view.variation)
        self._light(view, turn)
        return self._shoot(view)

    def _place_part_and_camera(self, view: View, turn: NDArray[np.float64]) -> None:
        turned = turn @ view.pose
        _set_matrix(self._object, turned, np.zeros(3))
        # World to camera is the camera's own rotation after the turn is undone; Blender looks along -z with y up.
        to_camera = view.camera.rotation @ turned.T
        shift = (view.camera.translation + view.camera.rotation @ self._centre) / self._mm
        _set_matrix(self._camera, to_camera.T @ np.diag([1.0, -1.0, -1.0]), -to_camera.T @ shift)
        self._camera.data.lens = view.camera.focal_length_mm
        distance = float(np.linalg.norm(shift))
        self._camera.data.clip_start, self._camera.data.clip_end = distance / 1000, distance + 10

    def _place_what_it_lies_on(self, view: View) -> None:
        """The table that only reflections show, or the ground of the background."""
        lowest = float(((self._points - self._centre) @ view.pose[2]).min()) / self._mm
        self._table.place(view.light.table, lowest)
        if self._ground is not None and view.backdrop is not None:
            self._ground.place(view.backdrop.ground, lowest)

    def _light(self, view: View, turn: NDArray[np.float64]) -> None:
        self._lamps.place(view.light.lamps, turn)
        world = self._worlds.find(view.light.environment)
        if self._scene.world is not world:
            self._scene.world = world
        self._scene.cycles.film_exposure = view.light.strength

    def _shoot(self, view: View) -> NDArray[np.uint8]:
        """Renders the scene as it stands, the part's rectangle of it only unless the preset wants the whole frame, and
        shows it with the exposure that the part needs.
        """
        size = self._settings.size
        self.stops = self._scene.view_settings.exposure = 0.0
        left, top, right, bottom = self.rectangle(view) if self._preset.part_only else (0, 0, size, size)
        picture = cycles.render_rectangle(self._scene, size, (left, top, right, bottom), self._scratch / "view.png")
        self.stops = round(stops(light_of(picture), view.least_light), 3)
        if self.stops and picture[..., 3].any():
            self._scene.view_settings.exposure = self.stops
            picture = cycles.show_again(self._scene, self._scratch / "view.png")
        frame = np.zeros((size, size, 4), np.uint8)
        frame[top:bottom, left:right] = picture
        frame[frame[..., 3] == 0] = 0  # so that an empty pixel is the same everywhere, and compresses
        return frame

    def render_backdrop(self, view: View) -> NDArray[np.uint8] | None:
        """What stands behind the part in `view`, which was rendered last: (size, size, 3); None without a backdrop."""
        backdrop, size = view.backdrop, self._settings.size
        if backdrop is None:
            return None
        if backdrop.mode == "color":
            return plain(backdrop.color, size)
        if backdrop.crop is not None:
            return cut(backdrop.crop, size)
        towards = directions(self._scene_to_camera(), view.camera.focal_length_mm, size)
        around = look_up(self._worlds.panorama(view.light.environment), towards)
        picture = apply_view_transform(self._scene, around * view.light.strength, self._scratch / "view.png")
        if self._ground is not None:
            with self._ground.shown_instead_of(self._object, self._camera):
                ground = cycles.render_rectangle(self._scene, size, (0, 0, size, size), self._scratch / "view.png")
            picture = lay_over(ground, picture)[..., :3]
        return picture

    def render_passes(self) -> Passes:
        """Depth, normals, mask and bodies of the view that was rendered last."""
        return render_passes(self._scene, self._settings.size, self._mm, self._scene_to_camera(), self._scratch)

    def _scene_to_camera(self) -> NDArray[np.float64]:
        """Rotation (3, 3) of scene directions to the camera's OpenCV axes."""
        rotation: NDArray[np.float64] = np.diag([1.0, -1.0, -1.0]) @ np.array(self._camera.matrix_world)[:3, :3].T
        return rotation

    def rectangle(self, view: View) -> Box:
        """The part's rectangle of the frame, with a margin."""
        pixels = view.camera.project(self._points)
        lower = np.clip(np.floor(pixels.min(0)).astype(int) - MARGIN_PX, 0, self._settings.size - 1)
        upper = np.clip(np.ceil(pixels.max(0)).astype(int) + MARGIN_PX, lower + 1, self._settings.size)
        return int(lower[0]), int(lower[1]), int(upper[0]), int(upper[1])


def _world_turn(view: View) -> NDArray[np.float64]:
    """Rotation (3, 3) of part, camera and lamps against the world, which stays: turning it would cost 0.2 s a view."""
    angle = -math.radians(view.light.rotation_deg)
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def _set_matrix(thing: bpy.types.Object, rotation: NDArray[np.float64], location: NDArray[np.float64]) -> None:
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation, location
    thing.matrix_world = matrix.T  # Blender takes columns


def tight_box(picture: NDArray[np.uint8]) -> Box | None:
    """(x_min, y_min, x_max, y_max) of the pixels that the part touches, upper ends exclusive; None without any."""
    return Image.fromarray(picture[..., 3]).getbbox()
