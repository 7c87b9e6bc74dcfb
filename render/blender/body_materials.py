"""Gives each body of a part its material: the one that the part list, or else its own file, says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from render.blender.file_materials import add_coordinates, make_file_material
from render.blender.material_library import MaterialLibrary, add_box_coordinates, approximate_pbr
from render.blender.materials import make_material
from render.materials import file_materials
from render.materials.assignment import MaterialAssignment
from render.materials.library import plain_name
from render.materials.presets import PbrMaterial
from render.parts.geometry import Body, Geometry

FROM_LIBRARY = " (material library)"


@dataclass(frozen=True)
class BlenderMaterial:
    """A material in Blender, the parameters that it has or comes near, and its name for part.json."""

    material: bpy.types.Material
    pbr: PbrMaterial
    name: str


class BodyMaterials:
    """The materials on one part's mesh: the file's own where the part list is silent, the library's where it has one of
    that name, else ours. Looks that are drawn for views are made once and put on when their view comes.
    """

    def __init__(
        self,
        mesh: bpy.types.Mesh,
        geometry: Geometry,
        assigned: MaterialAssignment,
        library: MaterialLibrary,
        scratch: Path,
    ) -> None:
        """`mesh` was made of `geometry`. Raises TextureError and LibraryError for what cannot be used."""
        self._mesh, self._geometry, self._library, self._scratch = mesh, geometry, library, scratch
        self._assigned = assigned
        self._made: dict[object, BlenderMaterial] = {}
        slots: dict[object, int] = {}
        slot_of_body = [slots.setdefault(_slot_key(body, assigned), len(slots)) for body in geometry.bodies]
        # For each slot a body that has it.
        self._wearers = [geometry.bodies[slot_of_body.index(slot)] for slot in range(len(slots))]
        self._worn = [self._material(body, assigned) for body in self._wearers]
        for worn in self._worn:
            mesh.materials.append(worn.material)
        add_coordinates(mesh, geometry)
        self._add_box_coordinates()
        triangles = [len(body.triangles) for body in geometry.bodies]
        mesh.polygons.foreach_set("material_index", np.repeat(np.array(slot_of_body, np.int32), triangles))

    def dress(self, assigned: MaterialAssignment) -> bool:
        """Puts on what `assigned` has drawn for the bodies whose materials are open; whether anything is new."""
        if assigned is self._assigned:
            return False
        self._assigned = assigned
        before = list(self._worn)
        for slot, body in enumerate(self._wearers):
            if _is_open(body, assigned):
                self._worn[slot] = self._material(body, assigned)
                if self._worn[slot] is not before[slot]:
                    self._mesh.materials[slot] = self._worn[slot].material
        self._add_box_coordinates()
        return self._worn != before

    @property
    def pbr(self) -> list[PbrMaterial]:
        """The parameters of all materials that are worn now."""
        return [worn.pbr for worn in self._worn]

    @property
    def name(self) -> str:
        """The material of the part as a whole: of the bodies that the part list does not name."""
        whole = [slot for slot, body in enumerate(self._wearers) if self._assigned.is_main(body.name)]
        return self._worn[whole[0]].name if whole else self._assigned.main.name

    @property
    def drawn(self) -> dict[str, str]:
        """The materials that were drawn for what is worn now, by the pattern of their bodies ("*": the whole part)."""
        return {
            self._assigned.pattern_of(body.name): worn.name
            for body, worn in zip(self._wearers, self._worn, strict=True)
            if _is_open(body, self._assigned) and not _is_said(body, self._assigned, worn)
        }

    def _material(self, body: Body, assigned: MaterialAssignment) -> BlenderMaterial:
        key = _key(body, assigned)
        if key not in self._made:
            self._made[key] = _make(body, self._geometry, assigned, self._library, self._scratch)
        return self._made[key]

    def _add_box_coordinates(self) -> None:
        if any(worn.name.endswith(FROM_LIBRARY) for worn in self._worn):
            add_box_coordinates(self._mesh, self._geometry)


def _slot_key(body: Body, assigned: MaterialAssignment) -> object:
    """Equal for bodies that have one material in every view."""
    return assigned.pattern_of(body.name) if _is_open(body, assigned) else _key(body, assigned)


def _is_open(body: Body, assigned: MaterialAssignment) -> bool:
    """Whether each view draws the body's material."""
    keeps = body.material is not None and assigned.keeps_file_material(body.name)
    return not keeps and bool(assigned.left_open(body.name))


def _is_said(body: Body, assigned: MaterialAssignment, worn: BlenderMaterial) -> bool:
    """Whether `worn` is of the user's library, by the name that stands in the part list."""
    own = worn.name.removesuffix(FROM_LIBRARY)
    return own != worn.name and plain_name(own) != plain_name(assigned.material(body.name).name)


def _key(body: Body, assigned: MaterialAssignment) -> object:
    """Equal for bodies that share one material."""
    if body.material is not None and assigned.keeps_file_material(body.name):
        return body.material.key
    return assigned.material(body.name), assigned.library_names(body.name)


def _make(
    body: Body, geometry: Geometry, assigned: MaterialAssignment, library: MaterialLibrary, scratch: Path
) -> BlenderMaterial:
    if body.material is not None and assigned.keeps_file_material(body.name):
        own = make_file_material(body.material, scratch)
        return BlenderMaterial(own, body.material.pbr, file_materials.NAME)
    found = library.find(assigned.library_names(body.name), geometry)
    if found is not None:
        return BlenderMaterial(found, approximate_pbr(found), found.name + FROM_LIBRARY)
    pbr = assigned.material(body.name)
    return BlenderMaterial(make_material(pbr, geometry), pbr, pbr.name)
