"""The JSON of glTF files: what they hold, before anything of it is decoded."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

from cad2real.files import parse_json

GLTF = (".glb", ".gltf")
MAX_HEADER_BYTES = 64_000_000
_SHAPES_ELSEWHERE = {
    "EXT_meshopt_compression": "meshopt",
    "KHR_meshopt_compression": "meshopt",
    "EXT_mesh_gpu_instancing": "instances",
    "MPEG_mesh_linking": "linked meshes",
    "CESIUM_primitive_outline": "outlines",
}
"""Extensions that hold triangles or places in a way that nobody here reads, by what people call them."""


def read_header(path: Path) -> dict[str, Any]:
    """The JSON of a glTF file. Raises OSError, ValueError, struct.error."""
    with path.open("rb") as file:
        if path.suffix.lower() == ".glb":
            _, _, _, length, _ = struct.unpack("<4sIIII", file.read(20))
        else:
            length = MAX_HEADER_BYTES
        header: dict[str, Any] = parse_json(file.read(min(length, MAX_HEADER_BYTES)))
    return header


def unread_extensions(header: dict[str, Any]) -> list[str]:
    """What a glTF file must have read and nobody here does, in words; empty where it can be read."""
    required = [str(name) for name in header.get("extensionsRequired", [])]
    unread = [f"{name} ({_SHAPES_ELSEWHERE[name]})" for name in required if name in _SHAPES_ELSEWHERE]
    if "KHR_mesh_quantization" in required and _has_normalized_positions(header):
        unread.append("KHR_mesh_quantization (normalized positions)")
    return unread


def _has_normalized_positions(header: dict[str, Any]) -> bool:
    accessors = header.get("accessors", [])
    places = {
        primitive.get("attributes", {}).get("POSITION")
        for mesh in header.get("meshes", [])
        for primitive in mesh.get("primitives", [])
    }
    return any(accessors[place].get("normalized") for place in places if isinstance(place, int))
