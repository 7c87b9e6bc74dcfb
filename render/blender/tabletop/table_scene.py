"""A Blender scene with many parts on a ground: realises `render.scenes.description`. Meshes are kept from scene to
scene, as loading a part costs more than a picture of it.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from render.blender import cycles
from render.blender.body_materials import BodyMaterials
from render.blender.device import Compute, use_device
from render.blender.environment_maps import Worlds
from render.blender.ground_surfaces import make_surface
from render.blender.material_library import MaterialLibrary
from render.blender.materials import vary_material
from render.blender.mesh import make_mesh
from render.blender.tabletop.clearance import Surface
from render.blender.tabletop.sight import SeenBody, Sight, look, tree_of
from render.materials.assignment import MaterialAssignment, assign_materials
from render.parts.catalogue import Part
from render.parts.geometry import Geometry, load_geometry
from render.scenes.description import Bin, Distractor, Pose, Scene
from render.scenes.settings import SceneSettings
from render.scenes.solids import Solid, part_solid, shape_mesh
from render.seeds import stream
from render.views.cameras import SENSOR_MM
from render.views.description import MaterialVariation
from render.views.quality import QUALITY_PRESETS

Array = NDArray[np.float64]

MOST_KEPT = 100
"""Parts whose meshes are kept; of more the ones used longest ago are dropped."""
HALF_SIDE = 400.0
"""Of the ground, in Blender's units: the horizon."""
VARIATION = (0.5, 0.12)
"""How much roughness (exponent) and shade differ from scene to scene."""


@dataclass(frozen=True)
class LoadedPart:
    """A part in Blender's memory: its mesh is 1 long and centred, `solid` and `surface` are in its CAD frame."""

    mesh: bpy.types.Mesh
    geometry: Geometry
    solid: Solid
    surface: Surface
    assigned: MaterialAssignment
    materials: BodyMaterials


class TableScene:
    """Renders scenes, one after the other."""

    def __init__(self, settings: SceneSettings, compute: Compute, scratch: Path) -> None:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self._scene = bpy.context.scene
        self._settings, self._compute, self._scratch = settings, compute, scratch
        self.device = use_device(self._scene, compute)
        self._worlds = Worlds(settings.environment_maps)
        self._loaded: OrderedDict[str, LoadedPart] = OrderedDict()
        self._surfaces: dict[str, bpy.types.Material] = {}
        self._ground = self._make_ground()
        self._camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
        self._camera.data.sensor_width, self._camera.data.sensor_fit = SENSOR_MM, "HORIZONTAL"
        self._scene.collection.objects.link(self._camera)
        self._scene.camera = self._camera

    def load(self, part: Part, root: Path) -> LoadedPart:
        """The part, whose file lies below `root`, ready to be laid into scenes. Raises GeometryError and the like."""
        if part.part_id in self._loaded:
            self._loaded.move_to_end(part.part_id)
            return self._loaded[part.part_id]
        assigned = assign_materials(part, "metadata", self._settings.seed, "vary")
        geometry = load_geometry((root / part.file).resolve(), part.units, assigned.keeps_file_materials)
        mesh = make_mesh(geometry, float(geometry.size_mm.max()))
        first = assigned.for_view(self._settings.seed, part.part_id, 0)
        materials = BodyMaterials(mesh, geometry, first, MaterialLibrary(()), self._scratch)
        triangles = np.concatenate(
            [
                body.triangles + start
                for body, start in zip(
                    geometry.bodies, np.cumsum([0, *(len(body.vertices) for body in geometry.bodies)]), strict=False
                )
            ]
        )
        surface = Surface.of(geometry.points, triangles.astype(np.int64))
        solid = part_solid(geometry)
        self._loaded[part.part_id] = LoadedPart(mesh, geometry, solid, surface, assigned, materials)
        while len(self._loaded) > MOST_KEPT:
            bpy.data.meshes.remove(self._loaded.popitem(last=False)[1].mesh)
        return self._loaded[part.part_id]

    def render(self, scene: Scene, parts: dict[str, LoadedPart]) -> NDArray[np.uint8]:
        """The picture of `scene` (h, w, 3); `parts` by id are those in it."""
        turn = _turn(scene.light.rotation_deg)
        things = []
        for part in scene.parts:
            loaded = parts[part.part_id]
            size = float(loaded.geometry.size_mm.max())
            middle = part.pose(loaded.geometry.centre_mm[None])[0]
            things.append(self._link(loaded.mesh, turn @ part.pose.rotation * size, turn @ middle))
        for part_id in dict.fromkeys(part.part_id for part in scene.parts):
            loaded = parts[part_id]
            loaded.materials.dress(loaded.assigned.for_view(self._settings.seed, part_id, scene.number))
            for material in loaded.mesh.materials:
                vary_material(material, _variation(self._settings.seed, part_id, scene.number))
        for thing in scene.distractors:
            made = _distractor_mesh(thing)
            spread = turn @ thing.pose.rotation @ np.diag(thing.size_mm)
            things.append(self._link(made, spread, turn @ thing.pose.translation))
        if scene.bin is not None:
            things.append(self._link(_bin_mesh(scene.bin), turn, np.zeros(3)))
        self._surround(scene, turn)
        preset = QUALITY_PRESETS[self._settings.quality]
        cycles.configure(self._scene, preset, self._compute.threads)
        cycles.plan_samples(self._scene, preset, [pbr for loaded in parts.values() for pbr in loaded.materials.pbr])
        try:
            return self._shoot(scene)
        finally:
            self._clear(things, {id(loaded.mesh) for loaded in parts.values()})

    def look(self, scene: Scene, parts: dict[str, LoadedPart]) -> Sight:
        """What the camera of `scene` sees, exactly."""
        trees = {part_id: tree_of(loaded.surface) for part_id, loaded in parts.items()}
        bodies = [
            SeenBody(parts[one.part_id].surface, trees[one.part_id], one.pose, is_part=True) for one in scene.parts
        ]
        for thing in scene.distractors:
            surface = distractor_surface(thing)
            bodies.append(SeenBody(surface, tree_of(surface), thing.pose, is_part=False))
        if scene.bin is not None:
            surface = bin_surface(scene.bin)
            bodies.append(SeenBody(surface, tree_of(surface), Pose(np.eye(3), np.zeros(3)), is_part=False))
        return look(scene.camera, bodies, _floor(scene))

    def _link(self, mesh: bpy.types.Mesh, rotation: Array, middle_mm: Array) -> bpy.types.Object:
        thing = bpy.data.objects.new(mesh.name, mesh)
        self._scene.collection.objects.link(thing)
        matrix = np.eye(4)
        matrix[:3, :3], matrix[:3, 3] = rotation / self._settings.unit_mm, middle_mm / self._settings.unit_mm
        thing.matrix_world = matrix.T  # Blender takes columns
        return thing

    def _make_ground(self) -> bpy.types.Object:
        half = HALF_SIDE
        mesh = bpy.data.meshes.new("ground")
        mesh.from_pydata([(-half, -half, 0), (half, -half, 0), (half, half, 0), (-half, half, 0)], [], [(0, 1, 2, 3)])
        mesh.materials.append(None)
        ground = bpy.data.objects.new("ground", mesh)
        self._scene.collection.objects.link(ground)
        return ground

    def _surround(self, scene: Scene, turn: Array) -> None:
        """Ground, light and camera. The world stays and all else is turned: turning the world would cost more."""
        ground, unit = scene.ground, self._settings.unit_mm
        if ground.surface not in self._surfaces:
            self._surfaces[ground.surface] = make_surface(ground.surface, unit)
        material = self._surfaces[ground.surface]
        nodes = material.node_tree.nodes
        nodes["colour"].outputs[0].default_value = (*ground.color, 1.0)
        nodes["place"].inputs["Location"].default_value = (*ground.place_mm, 0.0)
        nodes["place"].inputs["Rotation"].default_value = (0.0, 0.0, float(np.radians(ground.turn_deg)))
        self._ground.data.materials[0] = material
        self._ground.location = (0.0, 0.0, _floor(scene) / unit)
        self._scene.world = self._worlds.find(scene.light.environment)
        camera = scene.camera
        to_camera = camera.pose.rotation @ turn.T
        matrix = np.eye(4)
        matrix[:3, :3] = to_camera.T @ np.diag([1.0, -1.0, -1.0])
        matrix[:3, 3] = -to_camera.T @ camera.pose.translation / unit
        self._camera.matrix_world = matrix.T
        self._camera.data.lens = camera.focal_px / camera.width * SENSOR_MM
        distance = float(np.linalg.norm(camera.pose.translation)) / unit
        self._camera.data.clip_start, self._camera.data.clip_end = distance / 1000, distance + 4 * HALF_SIDE

    def _shoot(self, scene: Scene) -> NDArray[np.uint8]:
        render, path = self._scene.render, self._scratch / "scene.png"
        render.resolution_x, render.resolution_y = scene.camera.width, scene.camera.height
        render.use_border = render.use_crop_to_border = render.film_transparent = False
        self._scene.cycles.film_exposure = scene.light.strength
        render.filepath = str(path)
        bpy.ops.render.render(write_still=True)
        with Image.open(path) as picture:
            return np.asarray(picture.convert("RGB"))

    def _clear(self, things: list[bpy.types.Object], kept: set[int]) -> None:
        for thing in things:
            mesh = thing.data
            bpy.data.objects.remove(thing)
            if id(mesh) not in kept and not mesh.users:
                materials = list(mesh.materials)
                bpy.data.meshes.remove(mesh)
                for material in materials:
                    bpy.data.materials.remove(material)


def distractor_surface(thing: Distractor) -> Surface:
    """The triangles of a thing that is no part, in its own frame."""
    vertices, faces = shape_mesh(thing.shape)
    return _surface(vertices * np.array(thing.size_mm), faces)


def bin_surface(box: Bin) -> Surface:
    """The triangles of a bin in the world."""
    return _surface(*_bin_faces(box))


def _surface(vertices: Array, faces: list[tuple[int, ...]]) -> Surface:
    triangles = [(face[0], face[step], face[step + 1]) for face in faces for step in range(1, len(face) - 1)]
    return Surface.of(vertices, np.array(triangles, np.int64))


def _bin_faces(box: Bin) -> tuple[Array, list[tuple[int, ...]]]:
    """Floor and four walls, each a block."""
    (x, y), tall, thick = box.half_mm, box.height_mm, box.wall_mm
    blocks = [
        ((-x - thick, -y - thick, -thick), (x + thick, y + thick, 0.0)),
        ((x, -y - thick, 0.0), (x + thick, y + thick, tall)),
        ((-x - thick, -y - thick, 0.0), (-x, y + thick, tall)),
        ((-x, y, 0.0), (x, y + thick, tall)),
        ((-x, -y - thick, 0.0), (x, -y, tall)),
    ]
    corners, faces = shape_mesh("box")
    vertices, all_faces = [], []
    for number, (low, high) in enumerate(blocks):
        vertices.append((np.array(low) + high) / 2 + corners * (np.array(high) - low))
        all_faces += [tuple(corner + 8 * number for corner in face) for face in faces]
    return np.concatenate(vertices), all_faces


def _bin_mesh(box: Bin) -> bpy.types.Mesh:
    vertices, faces = _bin_faces(box)
    return _plain_mesh(vertices, faces, box.color, 0.45, metallic=False)


def _distractor_mesh(thing: Distractor) -> bpy.types.Mesh:
    vertices, faces = shape_mesh(thing.shape)
    mesh = _plain_mesh(vertices, faces, thing.color, thing.roughness, thing.metallic)
    mesh.set_sharp_from_angle(angle=0.5)
    return mesh


def _plain_mesh(
    vertices: Array, faces: list[tuple[int, ...]], color: tuple[float, ...], roughness: float, metallic: bool
) -> bpy.types.Mesh:
    mesh = bpy.data.meshes.new("plain")
    mesh.from_pydata(vertices.tolist(), [], faces)
    material = bpy.data.materials.new("plain")
    shader = material.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (*color, 1.0)
    shader.inputs["Roughness"].default_value = roughness
    shader.inputs["Metallic"].default_value = float(metallic)
    mesh.materials.append(material)
    mesh.validate()
    return mesh


def _floor(scene: Scene) -> float:
    """Height of the ground in mm: a bin's floor is the plane z = 0, and stands on it."""
    return -scene.bin.wall_mm if scene.bin is not None else 0.0


def _turn(rotation_deg: float) -> Array:
    angle = -np.radians(rotation_deg)
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def _variation(seed: int, part_id: str, number: int) -> MaterialVariation:
    rng = stream(seed, part_id, number, "scene wear")
    shade = 1 + VARIATION[1] * rng.uniform(-1, 1)
    red, green, blue = (float(shade * (1 + 0.05 * rng.uniform(-1, 1))) for _ in range(3))
    return MaterialVariation(float(np.exp(VARIATION[0] * rng.uniform(-1, 1))), (red, green, blue))
