"""The files that a CAD file names beside it: buffers and pictures of glTF, material files and pictures of OBJ.

Names come from strangers: nothing outside of the CAD file's folder is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PureWindowsPath

from render.materials.gltf_header import read_header

MAX_MATERIAL_FILE_BYTES = 20_000_000
_SEARCHED_BYTES = 4_000_000
"""Of an OBJ file, from its start, for the name of its material file."""
_OPTIONS = re.compile(
    r"(?:-(?:blendu|blendv|cc|clamp|imfchan|type|texres|bm|boost)\s+\S+\s+|-(?:mm|o|s|t)(?:\s+[-+.\deE]+){1,3}\s+)+(?=\S)"
)
_MATERIAL_FILE = re.compile(rb"^[ \t]*mtllib[ \t]+([^\r\n]{1,1000})", re.MULTILINE)
_PICTURE = re.compile(rb"^[ \t]*map_Kd[ \t]+([^\r\n]{1,1000})", re.MULTILINE | re.IGNORECASE)


def files_beside(path: Path, kind: str) -> list[Path]:
    """What the CAD file `path` names as its `buffers` (triangles) or `images` (and materials), as far as it is there
    and in its folder.
    """
    suffix = path.suffix.lower()
    if suffix == ".obj" and kind == "images":
        return list(_of_obj(path))
    if suffix != ".gltf":
        return []
    try:
        named = [str(item["uri"]) for item in read_header(path).get(kind, []) if "uri" in item]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []
    home = path.parent.resolve()
    return [file for name in named if not name.startswith("data:") and (file := inside(home, name))]


def find_beside(home: Path, name: str) -> Path | None:
    """The file in the folder `home` or below it that an OBJ or MTL file means by `name`: case, the folders of another
    machine and options before it are forgiven. None where there is none.
    """
    home = home.resolve()
    said = name.strip().strip('"').replace("\\", "/")
    for text in dict.fromkeys((said, _OPTIONS.sub("", said, count=1))):
        for place in dict.fromkeys((text, PureWindowsPath(text).name)):
            if found := _without_case(home, place):
                return found
    return None


def _of_obj(path: Path) -> Iterator[Path]:
    with suppress(OSError):
        with path.open("rb") as file:
            said = _MATERIAL_FILE.search(file.read(_SEARCHED_BYTES))
        materials = said and find_beside(path.parent, said[1].decode("utf-8", "replace"))
        if not materials or materials.stat().st_size > MAX_MATERIAL_FILE_BYTES:
            return
        yield materials
        for name in dict.fromkeys(_PICTURE.findall(materials.read_bytes())):
            if picture := find_beside(path.parent, name.decode("utf-8", "replace")):
                yield picture


def _without_case(home: Path, name: str) -> Path | None:
    path = home
    with suppress(OSError, ValueError):  # names that no file can have
        for step in PureWindowsPath(name).parts:
            if step != ".." and not (path / step).exists() and path.is_dir():
                names = sorted(entry.name for entry in path.iterdir())
                step = next((name for name in names if name.lower() == step.lower()), step)
            path = path / step
        return inside(home, str(path))
    return None


def inside(home: Path, name: str) -> Path | None:
    """The file `name` in the folder `home` or below it; None where there is none, or it lies outside."""
    home = home.resolve()
    with suppress(OSError, ValueError):  # names that no file can have
        file = (home / name).resolve()
        if file.is_relative_to(home) and file.is_file():
            return file
    return None
