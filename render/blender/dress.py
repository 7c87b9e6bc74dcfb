"""Dresses a part: each body gets the material that the part list, or else its own file, says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from render import skins
from render.blender.materials import make_material
from render.blender.skins import add_coordinates, make_skin
from render.geometry import Geometry
from render.looks import Look
from render.wardrobe import Wardrobe


@dataclass(frozen=True)
class Dressed:
    """`looks` of all materials worn; `name` of what the part as a whole wears."""

    looks: list[Look]
    name: str


def dress(mesh: bpy.types.Mesh, geometry: Geometry, wardrobe: Wardrobe, scratch: Path) -> Dressed:
    """Puts materials on `mesh`, which was made of `geometry`. Raises SkinError for textures that cannot be used."""
    worn: dict[object, int] = {}
    looks: list[Look] = []
    of_body = []
    for body in geometry.bodies:
        skin = body.skin if wardrobe.keeps_skin(body.name) else None
        look = wardrobe.look(body.name) if skin is None else skin.look
        key = look if skin is None else skin.key
        if key not in worn:
            worn[key] = len(worn)
            looks.append(look)
            mesh.materials.append(make_material(look, geometry) if skin is None else make_skin(skin, scratch))
        of_body.append(worn[key])
    add_coordinates(mesh, geometry)
    triangles = [len(body.triangles) for body in geometry.bodies]
    mesh.polygons.foreach_set("material_index", np.repeat(np.array(of_body, np.int32), triangles))
    skinned = any(body.skin is not None and wardrobe.keeps_skin(body.name) for body in geometry.bodies)
    return Dressed(looks, skins.NAME if skinned else wardrobe.main.name)
