"""The materials and textures that a GLB or GLTF file brings along, used where the part list names no material.

The file is a stranger's: what it names outside of its folder is not opened (trimesh sees to that), pictures are checked
before they are decoded, and what cannot be used is an error for people.
"""

from __future__ import annotations

import hashlib
import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cad2real.files import parse_json
from render.materials.presets import PbrMaterial

FORMATS = (".glb", ".gltf")
MAX_TEXTURE_PIXELS = 8192**2
MAX_HEADER_BYTES = 64_000_000
NAME = "as in the file"
TEXTURED_ROUGHNESS = 0.2
"""What a roughness texture is taken for when samples are planned: it may hold mirrors."""


class TextureError(Exception):
    """A texture that cannot be used: one line for people with the remedy in it."""


@dataclass(frozen=True, eq=False)
class FileMaterial:
    """One body's material after the glTF standard: factors (linear), and textures or None.

    `uv` (n, 2; v up) and `colors` (n, 4; linear, 0-1) belong to the vertices of the file; `on_corners` brings them to
    triangles.
    """

    color: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    metallic: float = 0.0
    roughness: float = 0.5
    emission: tuple[float, float, float] = (0.0, 0.0, 0.0)
    alpha: str = "OPAQUE"
    alpha_cutoff: float = 0.5
    color_texture: Image.Image | None = None
    metal_rough_texture: Image.Image | None = None
    normal_texture: Image.Image | None = None
    emission_texture: Image.Image | None = None
    uv: NDArray[np.float32] | None = None
    colors: NDArray[np.float32] | None = None

    @property
    def pbr(self) -> PbrMaterial:
        """What is known of it without its textures: for planning samples."""
        roughness = self.roughness if self.metal_rough_texture is None else TEXTURED_ROUGHNESS
        return PbrMaterial(NAME, self.color[:3], self.metallic, roughness)

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for bodies that can share one material."""
        textures = (self.color_texture, self.metal_rough_texture, self.normal_texture, self.emission_texture)
        factors = (self.color, self.metallic, self.roughness, self.emission, self.alpha, self.alpha_cutoff)
        return (*factors, *(id(texture) for texture in textures), self.uv is None, self.colors is None)


def read_file_material(mesh: Any) -> FileMaterial | None:
    """The material of a mesh that trimesh read from a GLB or GLTF file; None where the file has none for it.

    Raises TextureError for a texture that is too large.
    """
    visual, vertices = mesh.visual, len(mesh.vertices)
    colors = getattr(visual, "vertex_attributes", {}).get("color")
    if getattr(visual, "kind", None) == "vertex":
        colors = visual.vertex_colors
    material = getattr(visual, "material", None)
    if material is not None and not hasattr(material, "baseColorFactor"):
        material = material.to_pbr()
    if material is None and colors is None:
        return None
    uv = getattr(visual, "uv", None)
    base = FileMaterial(
        uv=np.asarray(uv, np.float32) if uv is not None and len(uv) == vertices else None,
        colors=_unit(colors) if colors is not None and len(colors) == vertices else None,
    )
    return base if material is None else _with_material(base, material)


def _with_material(base: FileMaterial, material: Any) -> FileMaterial:
    red, green, blue, alpha = (1.0,) * 4 if material.baseColorFactor is None else _unit(material.baseColorFactor)
    emission = (0.0,) * 3 if material.emissiveFactor is None else np.clip(material.emissiveFactor, 0, 1)
    return FileMaterial(
        color=(float(red), float(green), float(blue), float(alpha)),
        # What glTF means where it says nothing.
        metallic=1.0 if material.metallicFactor is None else float(np.clip(material.metallicFactor, 0, 1)),
        roughness=1.0 if material.roughnessFactor is None else float(np.clip(material.roughnessFactor, 0, 1)),
        emission=(float(emission[0]), float(emission[1]), float(emission[2])),
        alpha=str(material.alphaMode or "OPAQUE"),
        alpha_cutoff=0.5 if material.alphaCutoff is None else float(material.alphaCutoff),
        color_texture=_checked(material.baseColorTexture),
        metal_rough_texture=_checked(material.metallicRoughnessTexture),
        normal_texture=_checked(material.normalTexture),
        emission_texture=_checked(material.emissiveTexture),
        uv=base.uv,
        colors=base.colors,
    )


def _unit(color: Any) -> NDArray[np.float32]:
    """Colours as RGBA in 0-1; trimesh keeps bytes."""
    values = np.atleast_2d(np.asarray(color))
    scale = 1.0 if values.dtype.kind == "f" else float(np.iinfo(values.dtype).max)
    unit = (values / scale).astype(np.float32)
    if unit.shape[1] == 3:
        unit = np.concatenate([unit, np.ones((len(unit), 1), np.float32)], axis=1)
    return unit[0] if np.ndim(color) == 1 else unit


def _checked(texture: Any) -> Image.Image | None:
    """`texture`, which is not decoded yet."""
    if not isinstance(texture, Image.Image):
        return None
    if texture.width * texture.height > MAX_TEXTURE_PIXELS:
        raise TextureError(
            f"a texture of {texture.width} x {texture.height} pixels is larger than the limit MAX_TEXTURE_PIXELS = "
            f"{MAX_TEXTURE_PIXELS:,}; shrink it, or give the part a material in the part list"
        )
    return texture


def file_materials_key(path: Path) -> str:
    """Empty where the file has no materials of its own, else a hash that changes when its pictures do.

    The bytes of the file itself are not in it: the part's own hash has them.
    """
    if path.suffix.lower() not in FORMATS:
        return ""
    try:
        header = _header(path)
        primitives = [primitive for mesh in header.get("meshes", []) for primitive in mesh["primitives"]]
        if not any("material" in primitive or "COLOR_0" in primitive["attributes"] for primitive in primitives):
            return ""
    except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error):
        return ""  # whoever reads its triangles says what is wrong with it
    digest = hashlib.sha256()
    for picture in files_beside(path, "images"):
        with picture.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:16]


def files_beside(path: Path, kind: str) -> list[Path]:
    """What a glTF file names as its `buffers` (triangles) or `images`, as far as it is there and in its folder."""
    if path.suffix.lower() != ".gltf":
        return []
    try:
        named = [str(item["uri"]) for item in _header(path).get(kind, []) if "uri" in item]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []
    home = path.parent.resolve()
    files = []
    for name in named:
        if name.startswith("data:"):
            continue
        with suppress(OSError, ValueError):  # names that no file can have
            file = (home / name).resolve()
            if file.is_relative_to(home) and file.is_file():
                files.append(file)
    return files


def _header(path: Path) -> dict[str, Any]:
    """The JSON of a glTF file."""
    with path.open("rb") as file:
        if path.suffix.lower() == ".glb":
            _, _, _, length, _ = struct.unpack("<4sIIII", file.read(20))
        else:
            length = MAX_HEADER_BYTES
        header: dict[str, Any] = parse_json(file.read(min(length, MAX_HEADER_BYTES)))
    return header
