"""Mesh files (STL, OBJ, PLY, OFF, GLB, glTF) to triangles by trimesh, with the materials that they bring along."""

from __future__ import annotations

import io
import re
import warnings
from pathlib import Path, PureWindowsPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cad2real.interrupts import interrupts_held
from render.materials.beside import MAX_MATERIAL_FILE_BYTES, find_beside, inside
from render.materials.file_materials import DARKEST_METAL, FileMaterial, checked_texture, read_file_material
from render.materials.gltf_header import GLTF, read_header, unread_extensions
from render.materials.surface_colors import (
    ROUGHNESS,
    UNCOLORED,
    material_of_triangles,
    material_of_vertices,
    plain_material,
    to_linear,
)

with interrupts_held():  # it takes a Ctrl-C at its own imports for a library that is not there, and goes on
    from trimesh.exchange.gltf.extensions import register_handler
    from trimesh.resolvers import FilePathResolver

Raw = tuple[str, NDArray[np.float64], NDArray[np.int64], FileMaterial | None]
"""A body's name, vertices (n, 3) in the file's unit, triangles (m, 3), and its material."""

MAX_BESIDE_BYTES = 200_000_000
"""Of a texture or a material file that a mesh file names."""
BLACK = 0.02
"""sRGB: what MTL files say of a material whose colour is in its picture."""
_COMMENT = re.compile(rb"#[^\r\n]*+")
MAX_PLY_HEADER_BYTES = 20_000
_PLY_PICTURE = re.compile(rb"^comment\s++TextureFile\b", re.MULTILINE | re.IGNORECASE)
_PLY_COORDINATES = re.compile(rb"^property\s++\w++\s++(?:s|u|texture_u|texcoord)\b|\btexcoord\b", re.MULTILINE)


class MeshError(Exception):
    """Why a mesh file cannot be read, for people."""


class BesideResolver(FilePathResolver):  # type: ignore[misc]  # trimesh has no types
    """What a mesh file names, from its own folder and below it. `missing`: names of what is not there; `read`: of what
    was; `notes`: what of it is of no use.
    """

    def __init__(self, source: Path) -> None:
        super().__init__(str(source))
        self.missing: list[str] = []
        self.read: list[str] = []
        self.notes: list[str] = []

    def get(self, name: str) -> bytes:
        shown = PureWindowsPath(name.strip()).name[:80]
        home, is_gltf = Path(self.parent), self.file_name.lower().endswith(GLTF)
        path = inside(home, name) if is_gltf else find_beside(home, name)
        if path is None:
            self.missing.append(shown)
            raise FileNotFoundError(name)
        limit = MAX_MATERIAL_FILE_BYTES if path.suffix.lower() == ".mtl" else MAX_BESIDE_BYTES
        if path.stat().st_size > limit:
            raise OSError(f"{path.name} is larger than {limit // 1_000_000} MB")
        content = path.read_bytes()
        if self.file_name.lower().endswith(".obj") and path.suffix.lower() != ".mtl":
            try:
                Image.open(io.BytesIO(content))
            except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
                self.notes.append(f"its picture {shown} cannot be read; export it again, or name a material")
                raise OSError(f"{path.name} is no picture") from None
        self.read.append(shown)
        return content


def read_mesh(path: Path, file_materials: bool) -> tuple[list[Raw], tuple[str, ...]]:
    """The bodies of the mesh file `path`, placed in the part's frame, and notes on what of it could not be read; with
    materials where `file_materials` asks for them. Raises MeshError for what is known to be unreadable, TextureError,
    and whatever trimesh raises.
    """
    import trimesh

    suffix = path.suffix.lower()
    resolver = BesideResolver(path)
    if suffix in GLTF:
        _check_header(path, resolver)
        read_gloss_plainly()
    options: dict[str, Any] = {"process": False, "resolver": resolver, "file_type": suffix[1:]}
    if suffix == ".obj":
        options["skip_materials"] = not file_materials
    elif suffix == ".ply":
        options["skip_materials"] = True  # their pictures are of scans; vertices have colours
    with warnings.catch_warnings(), _open(path, suffix) as file:
        warnings.simplefilter("ignore")  # of numbers that we check ourselves
        scene = trimesh.load_scene(file, **options)
    bodies = []
    for node in sorted(scene.graph.nodes_geometry):
        transform, name = scene.graph[node]
        mesh = scene.geometry[name]
        if not isinstance(mesh, trimesh.Trimesh) or not len(mesh.faces):
            continue
        vertices = np.asarray(mesh.vertices, np.float64)
        triangles = np.asarray(mesh.faces, np.int64)
        material = None
        if file_materials:
            vertices, triangles, material = _with_material(mesh, vertices, triangles, suffix, resolver)
        vertices = vertices @ transform[:3, :3].T + transform[:3, 3]
        if np.linalg.det(transform[:3, :3]) < 0:
            triangles = triangles[:, ::-1]
        bodies.append((str(node), vertices, triangles, material))
    if file_materials and suffix == ".ply" and (unread := _unread_of_ply(path, [body[3] for body in bodies])):
        resolver.notes.append(unread)
    return bodies, _notes(resolver)


def _notes(resolver: BesideResolver) -> tuple[str, ...]:
    notes = list(dict.fromkeys(resolver.notes))
    if names := list(dict.fromkeys(resolver.missing)):
        said = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        notes.append(f"its materials name {said}, which is not beside the CAD file; put it there, or name a material")
    return tuple(notes)


def _unread_of_ply(path: Path, materials: list[FileMaterial | None]) -> str:
    """What a PLY file says of its looks that is not read, for people; empty where that is nothing."""
    with path.open("rb") as file:
        header = file.read(MAX_PLY_HEADER_BYTES).partition(b"end_header")[0]
    if _PLY_PICTURE.search(header):
        return "its picture is not read (PLY), only colours of its vertices; name a material"
    if _PLY_COORDINATES.search(header) and all(material is None for material in materials):
        return "its texture coordinates have no picture and no colours; name a material"
    return ""


def _open(path: Path, suffix: str) -> io.BufferedIOBase:
    if suffix == ".off":  # trimesh takes what stands behind a comment for more of the line
        return io.BytesIO(_COMMENT.sub(b"", path.read_bytes()))
    return path.open("rb")


def _check_header(path: Path, resolver: BesideResolver) -> None:
    """Raises MeshError for a glTF file whose triangles are packed in a way that is not read, and notes a skeleton."""
    header = read_header(path)
    unread = unread_extensions(header)
    if unread:
        raise MeshError(f"it needs the extension {', '.join(unread)}, which is not read; export it without")
    if header.get("skins"):
        resolver.notes.append("its skeleton (skin) is not applied, so pose and size may be others; export it posed")


def _with_material(
    mesh: Any, vertices: NDArray[np.float64], triangles: NDArray[np.int64], suffix: str, resolver: BesideResolver
) -> tuple[NDArray[np.float64], NDArray[np.int64], FileMaterial | None]:
    """The mesh with the material it has in its file; colours of triangles take its vertices apart."""
    if suffix in GLTF:
        return vertices, triangles, read_file_material(mesh)
    kind = getattr(mesh.visual, "kind", None)
    if kind == "face":
        apart, corners = vertices[triangles].reshape(-1, 3), np.arange(triangles.size).reshape(-1, 3)
        return apart, corners, material_of_triangles(_from_bytes(mesh.visual.face_colors), apart, corners)
    colors = mesh.visual.vertex_colors if kind == "vertex" else None
    if kind == "texture":
        colors = getattr(mesh.visual, "vertex_attributes", {}).get("color")
    if colors is None:
        colors = mesh.vertex_attributes.get("color")
    material = _of_mtl(mesh.visual, len(vertices), resolver) if suffix == ".obj" and kind == "texture" else None
    if material is None and colors is not None and len(colors) == len(vertices):
        material = material_of_vertices(_from_bytes(colors))
    return vertices, triangles, material


def _of_mtl(visual: Any, vertices: int, resolver: BesideResolver) -> FileMaterial | None:
    """The material of an MTL file: its picture where that is there, else its colour; None where it says neither."""
    said = visual.material
    if not any(name.lower().endswith(".mtl") for name in resolver.read) or not hasattr(said, "kwargs"):
        return None  # texture coordinates, but no material: trimesh makes a black one up
    if said.image is not None and "file_path" not in said.image.info:  # trimesh made that one up too
        resolver.notes.append("it uses materials that its MTL file does not have; name a material")
        return None
    roughness = _roughness(said.kwargs.get("ns"))
    uv = visual.uv
    if said.image is not None and uv is not None and len(uv) == vertices:
        picture = checked_texture(said.image)
        return FileMaterial(roughness=roughness, color_texture=picture, uv=np.asarray(uv, np.float32))
    diffuse = said.kwargs.get("kd")
    if not isinstance(diffuse, list) or len(diffuse) != 3 or not np.isfinite(diffuse).all():
        return None
    if max(diffuse) < BLACK and (resolver.missing or resolver.notes or said.image is not None):
        return plain_material(np.array((*UNCOLORED, 1), np.float32), roughness)  # black was there to be painted over
    return plain_material(to_linear(np.array([*diffuse, 1], np.float32)), roughness)


def _roughness(exponent: Any) -> float:
    """A highlight's exponent after Phong as the roughness of one that is as wide."""
    if not isinstance(exponent, float) or not exponent > 0:
        return ROUGHNESS
    return float(np.clip((2 / (exponent + 2)) ** 0.25, 0.15, 0.9))


def _from_bytes(colors: Any) -> NDArray[np.float32]:
    """Trimesh's sRGB colours (n, 3 or 4) as linear RGBA."""
    values = np.asarray(colors)
    unit = values.astype(np.float32) / (1.0 if values.dtype.kind == "f" else float(np.iinfo(values.dtype).max))
    if unit.shape[1] == 3:
        unit = np.concatenate([unit, np.ones((len(unit), 1), np.float32)], axis=1)
    return to_linear(unit)


def read_gloss_plainly() -> None:
    """Has trimesh take KHR_materials_pbrSpecularGlossiness for what it nearly always is: a diffuse colour or picture
    under a clear surface, or a bare metal where the diffuse colour is black. Its own way computes new pictures of whole
    textures, and makes metals of bright plastics.
    """
    register_handler("KHR_materials_pbrSpecularGlossiness", scope="material")(_gloss)


def _gloss(context: Any) -> dict[str, Any]:
    said = context["parse_textures"](data=context["data"])
    picture = said.get("diffuseTexture")
    diffuse = list(said.get("diffuseFactor", (1, 1, 1, 1)))
    specular = list(said.get("specularFactor", (1, 1, 1)))
    is_metal = picture is None and max(diffuse[:3]) < DARKEST_METAL < max(specular)
    shown = {"baseColorFactor": [*specular, diffuse[3]] if is_metal else diffuse, "metallicFactor": float(is_metal)}
    roughness = max(0.1, 1.0 - float(said.get("glossinessFactor", 1.0)))
    return shown | {"roughnessFactor": roughness} | ({} if picture is None else {"baseColorTexture": picture})
