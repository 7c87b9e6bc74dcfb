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
from render.materials.presets import PbrMaterial
from render.parts.geometry import Body, Geometry

FROM_LIBRARY = " (material library)"


@dataclass(frozen=True)
class BlenderMaterial:
    """A material in Blender, the parameters that it has or comes near, and its name for part.json."""

    material: bpy.types.Material
    pbr: PbrMaterial
    name: str


@dataclass(frozen=True)
class AppliedMaterials:
    """`pbr`: the parameters of all materials on the part; `name`: of the material of the part as a whole."""

    pbr: list[PbrMaterial]
    name: str


def apply_materials(
    mesh: bpy.types.Mesh, geometry: Geometry, assigned: MaterialAssignment, library: MaterialLibrary, scratch: Path
) -> AppliedMaterials:
    """Puts materials on `mesh`, which was made of `geometry`: the file's own where the part list is silent, the
    library's where it has one of that name, else ours. Raises TextureError and LibraryError for what cannot be used.
    """
    slots: dict[object, int] = {}
    made: list[BlenderMaterial] = []
    slot_of_body = []
    for body in geometry.bodies:
        key = _key(body, assigned)
        if key not in slots:
            slots[key] = len(made)
            made.append(_make(body, geometry, assigned, library, scratch))
        slot_of_body.append(slots[key])
    for item in made:
        mesh.materials.append(item.material)
    add_coordinates(mesh, geometry)
    if any(item.name.endswith(FROM_LIBRARY) for item in made):
        add_box_coordinates(mesh, geometry)
    triangles = [len(body.triangles) for body in geometry.bodies]
    mesh.polygons.foreach_set("material_index", np.repeat(np.array(slot_of_body, np.int32), triangles))
    # The part as a whole has the material of the bodies that the part list does not name.
    whole = [slot for slot, body in zip(slot_of_body, geometry.bodies, strict=True) if assigned.is_main(body.name)]
    return AppliedMaterials([item.pbr for item in made], made[whole[0]].name if whole else assigned.main.name)


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
