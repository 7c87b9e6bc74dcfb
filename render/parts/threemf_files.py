"""3MF files to triangles: units, parts of the model in files of their own (the production extension) and colours.

3MF is a zip archive of XML. trimesh reads neither its unit nor its colours, and takes all objects of another file of
the archive where one is meant.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from render.materials.file_materials import FileMaterial
from render.materials.surface_colors import material_of_triangles, to_linear

UNITS_MM = {
    "micron": 0.001,
    "millimeter": 1.0,
    "centimeter": 10.0,
    "inch": 25.4,
    "foot": 304.8,
    "meter": 1000.0,
}
MAX_UNPACKED_BYTES = 1_000_000_000
MAX_BODIES = 20_000
MAX_PLACED = 200_000
"""Objects placed in others, with and without bodies: two in each of thirty levels would be a thousand million."""
MAX_DEPTH = 30
_NO_COLOR = (np.nan,) * 4

Raw = tuple[str, NDArray[np.float64], NDArray[np.int64], FileMaterial | None]


class ThreemfError(Exception):
    """Why a 3MF file cannot be read, for people."""


@dataclass
class _Object:
    """An object of the archive: a mesh with the colour of each triangle, or components (path, id, placement)."""

    name: str
    vertices: NDArray[np.float64] | None = None
    triangles: NDArray[np.int64] | None = None
    colors: NDArray[np.float32] | None = None
    components: list[tuple[str, str, NDArray[np.float64]]] = field(default_factory=list)


@dataclass
class _Model:
    """One XML file of the archive."""

    unit: str = ""
    objects: dict[str, _Object] = field(default_factory=dict)
    items: list[tuple[str, str, NDArray[np.float64], str]] = field(default_factory=list)


def read_3mf(path: Path, file_materials: bool) -> tuple[list[Raw], float | None]:
    """The bodies of the 3MF file `path` where they are built, and the millimetres of its unit, None where it says none.
    Raises ThreemfError.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.lstrip("/").lower(): name for name in archive.namelist()}
            if sum(member.file_size for member in archive.infolist()) > MAX_UNPACKED_BYTES:
                raise ThreemfError(f"it unpacks to more than {MAX_UNPACKED_BYTES // 1_000_000} MB")
            root = next((name for name in names if name.endswith("3d/3dmodel.model")), None) or next(
                (name for name in sorted(names) if name.endswith(".model")), None
            )
            if root is None:
                raise ThreemfError("it has no model; is it encrypted?")
            models: dict[str, _Model] = {}

            def model(part: str) -> _Model:
                key = (part or root).lstrip("/").lower()
                if key not in names:
                    raise ThreemfError(f"it names {key[:80]}, which it does not have")
                if key not in models:
                    with archive.open(names[key]) as file:
                        models[key] = _read_model(file)
                return models[key]

            main = model(root)
            bodies = list(_built(main, model, file_materials))
    except zipfile.BadZipFile:
        raise ThreemfError("it is no zip archive, or damaged") from None
    return bodies, UNITS_MM.get(main.unit) if main.unit else None


def _built(main: _Model, model: Callable[[str], _Model], file_materials: bool) -> Iterator[Raw]:
    count, placements = 0, len(main.items)
    waiting = [(item[0], item[1], item[2], item[3], 0) for item in reversed(main.items)]
    while waiting:
        part, number, placed, name, depth = waiting.pop()
        here = model(part).objects.get(number)
        if here is None:
            raise ThreemfError(f"it names object {number[:40]!r}, which it does not have")
        if depth > MAX_DEPTH:
            raise ThreemfError("its objects are nested too deeply")
        placements += len(here.components)
        if placements > MAX_PLACED:
            raise ThreemfError(f"it places more than {MAX_PLACED:,} objects in others")
        name = here.name or name
        waiting += [
            (where or part, child, placed @ shift, name, depth + 1) for where, child, shift in reversed(here.components)
        ]
        if here.vertices is not None and here.triangles is not None and len(here.triangles):
            count += 1
            if count + len(waiting) > MAX_BODIES:
                raise ThreemfError(f"it has more than {MAX_BODIES:,} bodies")
            vertices = here.vertices @ placed[:3, :3].T + placed[:3, 3]
            triangles = here.triangles[:, ::-1] if np.linalg.det(placed[:3, :3]) < 0 else here.triangles
            if not file_materials or here.colors is None or not np.isfinite(here.colors).any():
                yield name or number, vertices, triangles, None
                continue
            # Each triangle has vertices of its own, so that its colour ends at its edges.
            apart, corners = vertices[triangles].reshape(-1, 3), np.arange(triangles.size).reshape(-1, 3)
            yield name or number, apart, corners, material_of_triangles(here.colors, apart, corners)


def _read_model(file: Any) -> _Model:
    from lxml import etree

    model = _Model()
    groups: dict[str, NDArray[np.float32]] = {}
    parser = etree.iterparse(
        file, events=("start", "end"), resolve_entities=False, no_network=True, huge_tree=True, remove_comments=True
    )
    try:
        for event, element in parser:
            tag = etree.QName(element).localname if isinstance(element.tag, str) else ""
            if event == "start":
                if tag == "model":
                    model.unit = element.get("unit", "").lower()
            elif tag in {"basematerials", "colorgroup"}:
                groups[element.get("id", "")] = _colors(element)
            elif tag == "object":
                model.objects[element.get("id", "")] = _object(element, groups)
                element.clear()
            elif tag == "build":
                model.items = [
                    (_path_of(item), item.get("objectid", ""), _placement(item), item.get("partnumber", ""))
                    for item in element
                    if isinstance(item.tag, str)
                ]
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError from None
        raise ThreemfError(f"its XML is damaged: {str(error)[:80]}") from None
    except (ValueError, IndexError) as error:
        raise ThreemfError(f"its numbers are damaged: {str(error)[:80]}") from None
    return model


def _colors(group: Any) -> NDArray[np.float32]:
    """The colours of a group (n, 4; linear)."""
    said = [item.get("displaycolor") or item.get("color") or "" for item in group if isinstance(item.tag, str)]
    return np.array([_color(text) for text in said], np.float32).reshape(-1, 4)


def _color(text: str) -> NDArray[np.float32]:
    digits = text.lstrip("#")
    if len(digits) not in {6, 8}:
        return np.full(4, np.nan, np.float32)
    values = [int(digits[at : at + 2], 16) / 255 for at in range(0, len(digits), 2)]
    return to_linear(np.array([*values, 1.0][:4], np.float32))


def _object(element: Any, groups: dict[str, NDArray[np.float32]]) -> _Object:
    here = _Object(element.get("name", ""))
    for component in element.iter("{*}component"):
        here.components.append((_path_of(component), component.get("objectid", ""), _placement(component)))
    if (mesh := element.find("{*}mesh")) is None:
        return here
    places = [(v.get("x"), v.get("y"), v.get("z")) for v in mesh.iter("{*}vertex")]
    found = list(mesh.iter("{*}triangle"))
    here.vertices = np.array(places, np.float64).reshape(-1, 3)
    here.triangles = np.array([(t.get("v1"), t.get("v2"), t.get("v3")) for t in found], np.int64).reshape(-1, 3)
    if groups and len(found):
        group, at = element.get("pid"), element.get("pindex", "0")
        here.colors = np.array(
            [_of_group(groups, t.get("pid", group), t.get("p1", at if "pid" not in t.attrib else "0")) for t in found],
            np.float32,
        )
    return here


def _of_group(groups: dict[str, NDArray[np.float32]], group: str | None, at: str) -> Any:
    colors = groups.get(group or "")
    return _NO_COLOR if colors is None or not 0 <= int(at) < len(colors) else colors[int(at)]


def _path_of(element: Any) -> str:
    return next((str(value) for key, value in element.attrib.items() if key.rpartition("}")[2] == "path"), "")


def _placement(element: Any) -> NDArray[np.float64]:
    placed = np.eye(4)
    if said := element.get("transform"):
        placed[:3, :] = np.array(said.split(), np.float64).reshape(4, 3).T
    return placed
