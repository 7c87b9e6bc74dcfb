"""CAD files to clean triangle meshes in millimetres. Whatever is wrong with a file becomes a GeometryError."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from render.materials.file_materials import FileMaterial, TextureError
from render.materials.gltf_header import GLTF
from render.materials.surface_colors import material_of_triangles
from render.parts import scene_files, step_text
from render.parts.hull_points import hull_candidates
from render.parts.mesh_files import MeshError, read_mesh
from render.parts.part_list import UNITS_MM
from render.parts.scene_files import MAX_TRIANGLES, SceneError, read_scene
from render.parts.sheets import one_layer, sheet_normal, with_two_sides
from render.parts.step_files import StepBody, StepError, read_step
from render.parts.threemf_files import ThreemfError, read_3mf

FORMATS = (".step", ".stp", ".stl", ".obj", ".ply", ".glb", ".gltf", ".off", ".3mf", *scene_files.FORMATS)
METRE_MM = 1000.0
"""What readers of formats that carry their unit return: metres."""

MAX_FILE_BYTES = 1_000_000_000


class GeometryError(Exception):
    """A CAD file that cannot be rendered: one line for people with the remedy in it."""


@dataclass(frozen=True)
class Body:
    """One solid of a part: `vertices` (n, 3) float64 in mm in the CAD file's own frame, `triangles` (m, 3) int32.

    Where the file's materials were asked for and it has one: `material`, and `corners` (m, 3), for each corner of a
    triangle the vertex of the file whose texture coordinates and colour it has.
    """

    name: str
    vertices: NDArray[np.float64]
    triangles: NDArray[np.int32]
    material: FileMaterial | None = None
    corners: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class Geometry:
    """A part's bodies. `lower` and `upper` (3,) are the corners of the box around all of them, in mm; `notes`: what of
    the file could not be read.
    """

    bodies: tuple[Body, ...]
    notes: tuple[str, ...] = ()
    lower: NDArray[np.float64] = field(init=False)
    upper: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        points = np.concatenate([body.vertices for body in self.bodies])
        object.__setattr__(self, "lower", points.min(0))
        object.__setattr__(self, "upper", points.max(0))

    @property
    def size_mm(self) -> NDArray[np.float64]:
        return self.upper - self.lower

    @property
    def centre_mm(self) -> NDArray[np.float64]:
        return (self.lower + self.upper) / 2

    @property
    def triangles(self) -> int:
        return sum(len(body.triangles) for body in self.bodies)

    @cached_property
    def outer_points(self) -> NDArray[np.float64]:
        """The points (n, 3) that bound the part, from its centre and as shares of its size: poses and outlines of a
        part ask for them again and again.
        """
        return hull_candidates((self.points - self.centre_mm) / float(self.size_mm.max()))

    @property
    def points(self) -> NDArray[np.float64]:
        """All vertices of all bodies, (n, 3) in mm."""
        return np.concatenate([body.vertices for body in self.bodies])


def load_geometry(path: Path, units: str, file_materials: bool = False) -> Geometry:
    """Reads the CAD file at `path`; `units` (mm, cm, m, in) holds for formats, and files, that carry none.
    Raises GeometryError.

    `file_materials`: with the materials and colours that the file brings along.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise GeometryError(f"{path.name}: format {suffix or 'without suffix'!r} is not read; use {', '.join(FORMATS)}")
    check_size(path)
    bodies = []
    raw, to_mm, notes = _read(path, suffix, units, file_materials)
    for name, vertices, triangles, material in raw:
        if not np.isfinite(vertices).all():
            raise GeometryError(f"{path.name}: has vertices that are not numbers (NaN or infinite); export it again")
        if len(triangles) and (triangles.min() < 0 or triangles.max() >= len(vertices)):
            raise GeometryError(f"{path.name}: a triangle names a vertex that does not exist; export it again")
        body = _clean(name, vertices * to_mm, triangles, material)
        if body is not None:
            bodies.append(body)
    if not bodies:
        raise GeometryError(f"{path.name}: has no triangle of any area; export it again with its solids")
    geometry = Geometry(tuple(bodies), notes)
    if geometry.triangles > MAX_TRIANGLES:
        raise GeometryError(
            f"{path.name}: {geometry.triangles:,} triangles are more than the limit MAX_TRIANGLES = {MAX_TRIANGLES:,}; "
            "export it coarser"
        )
    return geometry


def check_size(path: Path) -> None:
    """Raises GeometryError when the file `path` is empty or larger than anybody's CAD file."""
    size = path.stat().st_size
    if size == 0:
        raise GeometryError(f"{path.name}: is empty (0 bytes); export it again")
    if size > MAX_FILE_BYTES:
        raise GeometryError(f"{path.name}: is larger than {MAX_FILE_BYTES // 1_000_000} MB; export it coarser")


Raw = tuple[str, NDArray[np.float64], NDArray[np.int64], FileMaterial | None]


def _read(path: Path, suffix: str, units: str, file_materials: bool) -> tuple[list[Raw], float, tuple[str, ...]]:
    """Bodies as (name, vertices, triangles, material) in the file's own unit, placed in the part's frame; that unit in
    mm; and notes on what of the file could not be read.
    """
    try:
        if suffix in scene_files.FORMATS:
            return [(*body, None) for body in read_scene(path)], METRE_MM, ()
        if suffix in step_text.SUFFIXES:
            found = read_step(path)
            return [_of_step(body, file_materials) for body in found.bodies], METRE_MM, found.notes
        if suffix == ".3mf":
            bodies, unit_mm = read_3mf(path, file_materials)
            return bodies, unit_mm or UNITS_MM[units], ()
        bodies, notes = read_mesh(path, file_materials)
        return bodies, METRE_MM if suffix in GLTF else UNITS_MM[units], notes
    except (StepError, TextureError) as error:
        raise GeometryError(f"{path.name}: {error}") from None
    except (SceneError, MeshError, ThreemfError) as error:
        raise GeometryError(f"{path.name}: cannot be read as {suffix[1:].upper()} ({error}); export it again") from None
    except (GeometryError, MemoryError, RecursionError):
        raise
    except Exception as error:
        line = str(error).strip().splitlines()
        raise GeometryError(
            f"{path.name}: cannot be read as {suffix[1:].upper()} ({line[0][:160] if line else type(error).__name__}); "
            "export it again"
        ) from error


def _of_step(body: StepBody, file_materials: bool) -> Raw:
    material = material_of_triangles(body.colors, body.vertices, body.triangles) if file_materials else None
    return body.name, body.vertices, body.triangles, material


def _clean(
    name: str, vertices: NDArray[np.float64], triangles: NDArray[np.int64], material: FileMaterial | None
) -> Body | None:
    """Merges equal vertices, drops degenerate and duplicate triangles, turns all outward; None when nothing is left."""
    import trimesh

    # Relative to the body's own centre, so that a part a kilometre from the origin keeps its small features.
    centre = (vertices.min(0) + vertices.max(0)) / 2 if len(vertices) else np.zeros(3)
    size = float(np.ptp(vertices, axis=0).max()) if len(vertices) else 0.0
    if size <= 0:
        return None
    corners = triangles
    flat = sheet_normal(vertices - centre, size)
    if flat is not None:
        vertices = vertices - np.outer((vertices - vertices.mean(0)) @ flat, flat)
    grid = np.round((vertices - centre) / (size * 1e-7)).astype(np.int64)
    _, first, merged = np.unique(grid, axis=0, return_index=True, return_inverse=True)
    vertices, triangles = vertices[first], merged.reshape(-1)[triangles]
    a, b, c = triangles.T
    kept = np.flatnonzero((a != b) & (b != c) & (c != a))
    if flat is not None:
        kept = kept[one_layer(vertices, triangles[kept], flat)]
    if not len(kept):
        return None
    _, first = np.unique(np.sort(triangles[kept], axis=1), axis=0, return_index=True)
    kept = kept[np.sort(first)]
    triangles = triangles[kept]
    edges = vertices[triangles[:, 1:]] - vertices[triangles[:, :1]]
    area = np.linalg.norm(np.cross(edges[:, 0], edges[:, 1]), axis=1)
    kept, triangles = kept[area > (size * 1e-7) ** 2], triangles[area > (size * 1e-7) ** 2]
    if not len(triangles):
        return None
    corners = corners[kept]
    if flat is not None:
        vertices, triangles, corners = with_two_sides(vertices, triangles, corners, flat, size)
    mesh = trimesh.Trimesh((vertices - centre) / size, triangles, process=False, validate=False)
    with np.errstate(invalid="ignore", divide="ignore"):  # a surface that encloses nothing has no centre of mass
        if is_turned := not mesh.is_winding_consistent or mesh.volume < 0:
            mesh.fix_normals()
    if is_turned:
        if material is not None:
            # The corners of a triangle that was turned have traded places.
            moved = (triangles[:, None, :] == mesh.faces[:, :, None]).argmax(2)
            corners = np.take_along_axis(corners, moved, 1)
        triangles = np.asarray(mesh.faces)
    used, triangles = np.unique(triangles, return_inverse=True)
    shape = vertices[used], triangles.reshape(-1, 3).astype(np.int32)
    return Body(name, *shape) if material is None else Body(name, *shape, material, corners)
