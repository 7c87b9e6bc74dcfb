"""Dresses a part: each body gets the material that the part list, or else its own file, says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from render.blender.file_materials import add_coordinates, make_skin
from render.blender.material_library import Library, add_box_coordinates, look_of
from render.blender.materials import make_material
from render.materials import file_materials
from render.materials.assignment import Wardrobe
from render.materials.presets import Look
from render.parts.geometry import Geometry

FROM_LIBRARY = " (material library)"


@dataclass(frozen=True)
class Outfit:
    """A material, what it is like, and its name for part.json."""

    material: bpy.types.Material
    look: Look
    name: str


@dataclass(frozen=True)
class Dressed:
    """`looks` of all materials worn; `name` of what the part as a whole wears."""

    looks: list[Look]
    name: str


def dress(mesh: bpy.types.Mesh, geometry: Geometry, wardrobe: Wardrobe, library: Library, scratch: Path) -> Dressed:
    """Puts materials on `mesh`, which was made of `geometry`: the file's own where the part list is silent, the
    library's where it has one of that name, else ours. Raises SkinError and LibraryError for what cannot be used.
    """
    worn: dict[object, int] = {}
    outfits: list[Outfit] = []
    of_body = []
    for body in geometry.bodies:
        skin = body.skin if wardrobe.keeps_skin(body.name) else None
        key = (wardrobe.look(body.name), wardrobe.names_for(body.name)) if skin is None else skin.key
        if key not in worn:
            worn[key] = len(outfits)
            outfits.append(
                Outfit(make_skin(skin, scratch), skin.look, file_materials.NAME)
                if skin is not None
                else _outfit(wardrobe.look(body.name), library.find(wardrobe.names_for(body.name), geometry), geometry)
            )
        of_body.append(worn[key])
    for outfit in outfits:
        mesh.materials.append(outfit.material)
    add_coordinates(mesh, geometry)
    if any(outfit.name.endswith(FROM_LIBRARY) for outfit in outfits):
        add_box_coordinates(mesh, geometry)
    triangles = [len(body.triangles) for body in geometry.bodies]
    mesh.polygons.foreach_set("material_index", np.repeat(np.array(of_body, np.int32), triangles))
    # The part as a whole wears what its bodies wear that have no word of their own.
    whole = [number for number, body in zip(of_body, geometry.bodies, strict=True) if wardrobe.is_main(body.name)]
    return Dressed([outfit.look for outfit in outfits], outfits[whole[0]].name if whole else wardrobe.main.name)


def _outfit(look: Look, found: bpy.types.Material | None, geometry: Geometry) -> Outfit:
    if found is None:
        return Outfit(make_material(look, geometry), look, look.name)
    return Outfit(found, look_of(found), found.name + FROM_LIBRARY)
