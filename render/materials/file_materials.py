"""The materials and textures that a CAD file brings along, used where the part list names no material.

The file is a stranger's: what it names outside of its folder is not opened (trimesh sees to that), pictures are checked
before they are decoded, and what cannot be used is an error for people.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from render.materials.beside import files_beside
from render.materials.gltf_header import GLTF, read_header
from render.materials.presets import PbrMaterial

MAX_TEXTURE_PIXELS = 8192**2
NAME = "as in the file"
DARKEST = 0.018
"""Linear reflectance below which no plastic or paint is: carbon black in plastic reflects 2 to 4 %."""
DARKEST_METAL = 0.1
"""Linear reflectance below which a file's metal is none: iron has .5."""
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
    # What glTF means where it says nothing.
    metallic = 1.0 if material.metallicFactor is None else float(np.clip(material.metallicFactor, 0, 1))
    if material.baseColorTexture is None and material.metallicRoughnessTexture is None:
        if max(red, green, blue) < DARKEST_METAL:
            metallic = 0.0
        red, green, blue = (max(float(channel), DARKEST) for channel in (red, green, blue))
    return FileMaterial(
        color=(float(red), float(green), float(blue), float(alpha)),
        metallic=metallic,
        roughness=1.0 if material.roughnessFactor is None else float(np.clip(material.roughnessFactor, 0, 1)),
        emission=(float(emission[0]), float(emission[1]), float(emission[2])),
        alpha=str(material.alphaMode or "OPAQUE"),
        alpha_cutoff=0.5 if material.alphaCutoff is None else float(material.alphaCutoff),
        color_texture=checked_texture(material.baseColorTexture),
        metal_rough_texture=checked_texture(material.metallicRoughnessTexture),
        normal_texture=checked_texture(material.normalTexture),
        emission_texture=checked_texture(material.emissiveTexture),
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


def checked_texture(texture: Any) -> Image.Image | None:
    """`texture`, a picture that is not decoded yet, or None. Raises TextureError when it is too large."""
    if not isinstance(texture, Image.Image):
        return None
    if texture.width * texture.height > MAX_TEXTURE_PIXELS:
        raise TextureError(
            f"a texture of {texture.width} x {texture.height} pixels is larger than the limit MAX_TEXTURE_PIXELS = "
            f"{MAX_TEXTURE_PIXELS:,}; shrink it, or give the part a material in the part list"
        )
    return texture


def file_materials_key(path: Path) -> str:
    """Empty where a glTF file has no materials of its own, and for other formats where nothing beside the file belongs
    to its materials; else a hash that changes when its pictures do.

    The bytes of the file itself are not in it: the part's own hash has them.
    """
    if path.suffix.lower() in GLTF:
        try:
            header = read_header(path)
            primitives = [primitive for mesh in header.get("meshes", []) for primitive in mesh["primitives"]]
            if not any("material" in primitive or "COLOR_0" in primitive["attributes"] for primitive in primitives):
                return ""
        except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error):
            return ""  # whoever reads its triangles says what is wrong with it
    elif not files_beside(path, "images"):
        return ""
    digest = hashlib.sha256()
    for picture in files_beside(path, "images"):
        with picture.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:16]
