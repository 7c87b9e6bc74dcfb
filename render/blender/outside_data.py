"""What a .blend file would read from other files, taken out before anything is evaluated.

A part is told from its changed self by the bytes of its own file, and DVC watches the parts' folder: a shape that comes
from elsewhere would change unseen, and a stranger's file would show what lies on this machine. So modifiers and nodes
are those of a list, pictures, volumes, caches, sounds and fonts are those that are packed into the file, and an object
whose shape depended on anything else is named with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy

from render.blender.own_nodes import OWN_NODES

_OWN_MODIFIERS = """
    ARMATURE ARRAY BEVEL BOOLEAN BUILD CAST COLLISION CORRECTIVE_SMOOTH CURVE DATA_TRANSFER DECIMATE DISPLACE EDGE_SPLIT
    EXPLODE HOOK LAPLACIANDEFORM LAPLACIANSMOOTH LATTICE MASK MESH_DEFORM MESH_TO_VOLUME MIRROR NORMAL_EDIT
    PARTICLE_INSTANCE REMESH SCREW SHRINKWRAP SIMPLE_DEFORM SKIN SMOOTH SOLIDIFY SUBSURF SURFACE SURFACE_DEFORM
    TRIANGULATE UV_PROJECT UV_WARP VERTEX_WEIGHT_EDIT VERTEX_WEIGHT_MIX VERTEX_WEIGHT_PROXIMITY VOLUME_DISPLACE
    VOLUME_TO_MESH WARP WAVE WEIGHTED_NORMAL WELD WIREFRAME
"""
OWN_MODIFIERS = frozenset(_OWN_MODIFIERS.split())
"""Modifiers that never read a file; textures that some use are a matter of their pictures."""
OF_FILES = ("images", "volumes", "cache_files", "sounds", "movieclips", "fonts")
"""Collections of bpy.data whose members have their content in files, unless it is packed."""
WITHIN = {"GENERATED", "VIEWER"}
"""Kinds of images that are made, not read."""
NO_SHAPE = ("Brush", "Camera", "FreestyleLineStyle", "Light", "Material", "Scene", "Screen", "WindowManager", "World")
"""Types of data that make a picture, not a shape."""


def take_out_outside_data() -> dict[str, str]:
    """Removes from this session what reads other files. Returns, for each mesh object whose shape depended on it, what
    that was, by the object's name.
    """
    found: dict[str, str] = {}
    for scene in bpy.data.scenes:
        scene.sequence_editor_clear()
    for thing in bpy.data.objects:
        for modifier in list(thing.modifiers):
            if _reads_files(modifier):
                found[thing.name] = f"modifier {modifier.name!r}"
                thing.modifiers.remove(modifier)
    users = bpy.data.user_map()
    for tree in bpy.data.node_groups:
        if tree.bl_idname == "GeometryNodeTree":
            for node in [node for node in tree.nodes if node.bl_idname not in OWN_NODES]:
                found |= dict.fromkeys(_shaped_by(tree, users), f"node {node.name!r}")
                tree.nodes.remove(node)
    outside = [thing for kind in OF_FILES for thing in getattr(bpy.data, kind) if _is_outside(thing)]
    for thing in outside:
        found |= dict.fromkeys(_shaped_by(thing, users), str(thing.filepath) or thing.name)
    bpy.data.batch_remove(outside)
    return found


def _reads_files(modifier: Any) -> bool:
    kind = modifier.type
    if kind == "NODES":  # its nodes are looked at by themselves; this is what it keeps on disk
        return bool(modifier.bakes) and (
            bool(modifier.bake_directory) or any(bake.use_custom_path for bake in modifier.bakes)
        )
    if kind == "MULTIRES":
        return bool(modifier.is_external)
    if kind == "OCEAN":
        return bool(modifier.is_cached)
    if kind in {"CLOTH", "SOFT_BODY"}:
        return bool(modifier.point_cache.use_external)
    if kind == "PARTICLE_SYSTEM":
        return bool(modifier.particle_system.point_cache.use_external)
    return kind not in OWN_MODIFIERS


def _is_outside(thing: Any) -> bool:
    """Whether the content of `thing` is read from a file of its own."""
    if getattr(thing, "packed_file", None) is not None or len(getattr(thing, "packed_files", ())):
        return False
    if isinstance(thing, bpy.types.Image):
        return thing.source not in WITHIN
    return str(thing.filepath) != "<builtin>"


def _shaped_by(thing: Any, users: dict[Any, set[Any]]) -> Iterator[str]:
    """The names of the mesh objects that `thing` may give a shape, through whatever uses it."""
    seen, waiting = set(), [thing]
    while waiting:
        for user in users.get(waiting.pop(), ()):
            if user in seen or type(user).__name__ in NO_SHAPE or _only_shows(user, thing):
                continue
            seen.add(user)
            if isinstance(user, bpy.types.Object) and user.type == "MESH":
                yield user.name
            else:
                waiting.append(user)


def _only_shows(user: Any, thing: Any) -> bool:
    """Whether `user` is an empty that shows the picture `thing`, as a reference to model by."""
    return isinstance(user, bpy.types.Object) and user.type == "EMPTY" and isinstance(thing, bpy.types.Image)
