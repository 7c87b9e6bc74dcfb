"""`python -m render.blender.scenes FILE OUT`: the meshes of a USD or .blend file, for render.parts.scene_files.

A process of its own: what such a file does to Blender ends with it. Scripts never run: of a .blend file only its scenes
are taken, never its texts, and drivers are removed before anything is evaluated. Nor is another file read:
`render.blender.outside_data` for a .blend, `render.parts.usd_files` for USD.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray

from cad2real.process_limits import limit_memory
from render.blender.outside_data import take_out_outside_data
from render.parts.scene_files import MAX_TRIANGLES, MEMORY, UNUSABLE, Raw, save_bodies


class UnusableError(Exception):
    """Why a file cannot be used, with the remedy."""


def main() -> int:
    path, out = (Path(word) for word in sys.argv[1:])
    limit_memory(MEMORY)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.preferences.filepaths.use_scripts_auto_execute = False
    try:
        scene, metres = _open_blend(path) if path.suffix.lower() == ".blend" else _import_usd(path)
        save_bodies(out, list(_bodies(scene, metres)))
    except MemoryError:
        print(f"it takes more than {MEMORY / 1024**3:.3g} GB of memory to read: make it coarser", file=sys.stderr)
        return UNUSABLE
    except (UnusableError, OSError, RuntimeError, ValueError) as error:
        print(str(error).strip().splitlines()[-1], file=sys.stderr)
        return UNUSABLE
    return 0


def _import_usd(path: Path) -> tuple[bpy.types.Scene, float]:
    """The scene with the file's meshes and the metres of its unit: Blender turns z up and applies metersPerUnit."""
    bpy.ops.wm.usd_import(
        filepath=str(path),
        import_cameras=False,
        import_curves=False,
        import_lights=False,
        import_materials=False,
        import_volumes=False,
        import_skeletons=False,
        import_blendshapes=False,
        import_points=False,
        read_mesh_uvs=False,
        read_mesh_colors=False,
        read_mesh_attributes=False,
        property_import_mode="NONE",
        import_textures_mode="IMPORT_NONE",
        create_world_material=False,
        set_frame_range=False,
        validate_meshes=True,
        apply_unit_conversion_scale=True,
    )
    return bpy.context.scene, 1.0


def _open_blend(path: Path) -> tuple[bpy.types.Scene, float]:
    """The scene with most meshes, and the metres of its unit."""
    with bpy.data.libraries.load(str(path), link=False) as (have, take):
        take.scenes = list(have.scenes)
    scenes = [scene for scene in take.scenes if scene is not None]
    if not scenes:
        raise UnusableError("it has no scene")
    for kind in ("objects", "meshes", "shape_keys", "node_groups", "collections", "scenes", "worlds", "armatures"):
        for thing in getattr(bpy.data, kind):
            thing.animation_data_clear() if hasattr(thing, "animation_data_clear") else None
    others = [library for library in bpy.data.libraries if Path(bpy.path.abspath(library.filepath)) != path.resolve()]
    if others:
        raise UnusableError(f"it links to another file ({others[0].filepath}): make all of it local and save it again")
    outside = take_out_outside_data()
    scene = max(scenes, key=lambda scene: sum(thing.type == "MESH" for thing in scene.objects))
    _refuse_shapes_from_outside(scene, outside)
    units = scene.unit_settings
    return scene, float(units.scale_length) if units.system != "NONE" else 1.0


def _refuse_shapes_from_outside(scene: bpy.types.Scene, outside: dict[str, str]) -> None:
    """Raises UnusableError when `scene` has an object whose shape came from another file, by name in `outside`."""
    layer = scene.view_layers[0]
    layer.update()
    for used in layer.depsgraph.ids:
        if isinstance(used, bpy.types.Object) and used.name in outside:
            raise UnusableError(
                f"{used.name!r} has its shape from another file ({outside[used.name]}): apply what reads it, or pack "
                "it into the file, and save again"
            )


def _bodies(scene: bpy.types.Scene, metres: float) -> Iterator[Raw]:
    """What a picture of `scene` would show, instances and modifiers included: (name, vertices in metres, triangles)."""
    layer = scene.view_layers[0]
    layer.update()
    count = 0
    for instance in layer.depsgraph.object_instances:
        thing = instance.object
        if thing.type != "MESH" or thing.hide_render or not instance.show_self:
            continue
        mesh = thing.to_mesh()
        mesh.calc_loop_triangles()
        count += len(mesh.loop_triangles)
        if count > MAX_TRIANGLES:
            raise UnusableError(
                f"it has more triangles than the limit MAX_TRIANGLES = {MAX_TRIANGLES:,}: make it coarser"
            )
        vertices = np.empty(len(mesh.vertices) * 3, np.float32)
        mesh.vertices.foreach_get("co", vertices)
        triangles = np.empty(len(mesh.loop_triangles) * 3, np.int32)
        mesh.loop_triangles.foreach_get("vertices", triangles)
        thing.to_mesh_clear()
        placed = _placed(vertices.reshape(-1, 3).astype(np.float64), np.array(instance.matrix_world))
        corners = triangles.reshape(-1, 3).astype(np.int64)
        if np.linalg.det(np.array(instance.matrix_world)[:3, :3]) < 0:
            corners = corners[:, ::-1]
        yield thing.name, placed * metres, corners


def _placed(vertices: NDArray[np.float64], matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    moved: NDArray[np.float64] = vertices @ matrix[:3, :3].T + matrix[:3, 3]
    return moved


if __name__ == "__main__":
    sys.exit(main())
