"""Materials of a user's .blend library. Nothing in it runs: drivers are removed before anything is evaluated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from render.materials.library import LibraryError, plain_name
from render.materials.presets import PbrMaterial
from render.parts.geometry import Geometry

TILE_MM = 100.0
"""Real side of one tile of a material's image textures on a part without texture coordinates, which CAD hardly has."""
UV = "box"


class MaterialLibrary:
    """The materials of `files` in this Blender session, loaded when first used; of equal names the first counts."""

    def __init__(self, files: tuple[Path, ...]) -> None:
        self._names: dict[str, tuple[Path, str]] = {}
        for file in files:
            try:
                with bpy.data.libraries.load(str(file), link=False) as (have, _):
                    names = list(have.materials)
            except OSError as error:
                raise LibraryError(f"material library {file.name} cannot be read ({error}); save it again") from None
            for name in names:
                self._names.setdefault(plain_name(name), (file, name))

    def find(self, names: tuple[str, ...], geometry: Geometry) -> bpy.types.Material | None:
        """The material called by the first of `names` that there is, for a part of this size."""
        for wanted in names:
            if wanted in self._names:
                return _load(*self._names[wanted], geometry)
        return None


def _load(file: Path, name: str, geometry: Geometry) -> bpy.types.Material:
    with bpy.data.libraries.load(str(file), link=False) as (_, take):
        take.materials = [name]
    material = take.materials[0]
    if material is None:
        raise LibraryError(f"material {name!r} of {file.name} cannot be loaded; save the library again")
    for thing in (material, *bpy.data.node_groups, *bpy.data.images, *bpy.data.objects, *bpy.data.textures):
        thing.animation_data_clear() if hasattr(thing, "animation_data_clear") else None
    material.node_tree.animation_data_clear()
    for node in _nodes(material.node_tree):
        image: Any = getattr(node, "image", None)
        outside = image is not None and image.source == "FILE" and image.packed_file is None
        if outside and not Path(bpy.path.abspath(image.filepath)).is_file():
            raise LibraryError(
                f"material {name!r} of {file.name} misses its picture {image.filepath!r}; pack it into the file "
                "(File > External Data > Pack Resources)"
            )
    _in_metres(material.node_tree, float(geometry.size_mm.max()) / 1000)
    return material


def _nodes(tree: Any) -> Iterator[Any]:
    for node in tree.nodes:
        yield node
        if node.type == "GROUP" and node.node_tree is not None:
            yield from _nodes(node.node_tree)


def _in_metres(tree: Any, part_m: float) -> None:
    """Makes object coordinates metres of the real part, as they are in the user's file: ours are sizes of the part."""
    for node in [node for node in tree.nodes if node.type == "TEX_COORD"]:
        output = node.outputs["Object"]
        targets = [link.to_socket for link in output.links]
        if targets:
            scaled = tree.nodes.new("ShaderNodeVectorMath")
            scaled.operation = "SCALE"
            scaled.inputs["Scale"].default_value = part_m
            tree.links.new(output, scaled.inputs[0])
            for target in targets:
                tree.links.new(scaled.outputs[0], target)


def add_box_coordinates(mesh: bpy.types.Mesh, geometry: Geometry) -> None:
    """Texture coordinates for image textures, one tile TILE_MM: each triangle from the side that it faces most."""
    if mesh.uv_layers:
        return
    corners = np.concatenate([body.vertices[body.triangles] for body in geometry.bodies]) - geometry.centre_mm
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    axis = np.abs(normals).argmax(1)
    across = np.array([[1, 2], [0, 2], [0, 1]])[axis]
    flat = np.take_along_axis(corners, across[:, None, :], 2) / TILE_MM
    mesh.uv_layers.new(name=UV).uv.foreach_set("vector", flat.astype(np.float32).ravel())


def approximate_pbr(material: bpy.types.Material) -> PbrMaterial:
    """Roughly the parameters of a user's material, for planning samples: what is not known counts as smooth metal."""
    shader = next((node for node in _nodes(material.node_tree) if node.type == "BSDF_PRINCIPLED"), None)
    if shader is None:
        clear = any(
            node.type in {"BSDF_GLASS", "BSDF_REFRACTION", "BSDF_TRANSPARENT"} for node in _nodes(material.node_tree)
        )
        return PbrMaterial(material.name, (1, 1, 1), 1.0, 0.0, transmission=float(clear))

    def value(name: str, unknown: float) -> float:
        socket = shader.inputs[name]
        return unknown if socket.is_linked else float(socket.default_value)

    return PbrMaterial(
        material.name,
        (1, 1, 1),
        metallic=value("Metallic", 1.0),
        roughness=value("Roughness", 0.0),
        transmission=value("Transmission Weight", 1.0),
    )
