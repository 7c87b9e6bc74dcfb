"""STEP files to triangles by cascadio (OpenCASCADE): fine enough for the part's size whatever the file's unit, every
shape with the name of its product and its colours.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cad2real.files import parse_json
from render.parts import step_text
from render.parts.step_text import Product

TOLERANCE = 3e-4
"""How far triangles may lie from the true surface, as a share of the part's size: 0.15 pixel at 512."""
TOLERANCE_RAD = 0.35
"""Largest turn of a curved surface between neighbouring triangles, for what is small: 18 facets around a cylinder."""
ENOUGH_TRIANGLES = 1_500_000
"""A part with more is read again, coarser: no picture shows so many."""
COARSER = ((1.0, 1.0), (4.0, 2.0), (16.0, 3.0))
"""Factors on both tolerances, one pair after the other while there are too many triangles."""
TOO_COARSE = 3.0
"""The size is guessed before it is known. Where the guess was so many times too large, the file is read again."""

_NAME_OF_NO_PRODUCT = "=>["
"""What OpenCASCADE calls a shape without a name begins so."""
_TYPES = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
_COMPONENTS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}


class StepError(Exception):
    """Why a STEP file cannot be read, with the remedy."""


@dataclass(frozen=True)
class StepBody:
    """A shape where it stands in the file: `name` of its product, `vertices` (n, 3) in metres, `triangles` (m, 3), and
    for each triangle its colour as linear RGBA (m, 4), not a number where the file says none.
    """

    name: str
    vertices: NDArray[np.float64]
    triangles: NDArray[np.int64]
    colors: NDArray[np.float32]


@dataclass(frozen=True)
class StepFile:
    """The shapes of a STEP file, and notes on what of it could not be read."""

    bodies: list[StepBody]
    notes: tuple[str, ...] = ()


def read_step(path: Path) -> StepFile:
    """The shapes of the STEP file `path`. Raises StepError."""
    text = path.read_bytes()
    if b"ISO-10303-21" not in text[:4096]:
        raise StepError("is not a STEP file (no ISO-10303-21 header); export it again as STEP")
    try:
        guess_mm = step_text.extent_mm(text)
    except ValueError as error:
        raise StepError(f"has {error}; export it again") from None
    products = step_text.read_products(text)
    named = step_text.name_uses(text)
    bodies = _tessellated(named, guess_mm, products)
    if not bodies:
        raise StepError(_why_empty(text))
    size_mm = 1000 * float(np.ptp(np.concatenate([body.vertices for body in bodies]), axis=0).max())
    if 0 < size_mm * TOO_COARSE < guess_mm:
        bodies = _tessellated(named, size_mm, products)
    others = _named(step_text.other_files(text))
    return StepFile(bodies, (f"parts of it are in other files ({others}), and are missing",) if others else ())


def _named(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _tessellated(text: bytes, size_mm: float, products: dict[int, Product]) -> list[StepBody]:
    """The shapes of `text` with triangles as fine as a part of `size_mm` needs, and no finer than anybody sees."""
    import cascadio

    bodies: list[StepBody] = []
    for linear, angular in COARSER:
        glb = cascadio.load(
            text,
            file_type="step",
            tol_linear=TOLERANCE * linear * size_mm,
            tol_angular=TOLERANCE_RAD * angular,
            merge_primitives=True,
        )
        bodies = _in_order(_bodies(glb, products)) if glb else []
        if sum(len(body.triangles) for body in bodies) <= ENOUGH_TRIANGLES:
            break
    return bodies


def _in_order(bodies: Iterator[StepBody]) -> list[StepBody]:
    """`bodies` by their names, those of one name by their number as text: "roller", "roller_1", "roller_10". Pictures
    depend on the order, and those of before had it.
    """
    seen: Counter[str] = Counter()
    keyed = []
    for body in bodies:
        keyed.append((f"{body.name}_{seen[body.name]}" if seen[body.name] else body.name, body))
        seen[body.name] += 1
    return [body for _, body in sorted(keyed, key=lambda pair: pair[0])]


def _bodies(glb: bytes, products: dict[int, Product]) -> Iterator[StepBody]:
    """The shapes in a binary glTF that cascadio wrote of a text whose uses are named (`name_uses`)."""
    (length,) = struct.unpack_from("<I", glb, 12)
    try:
        header: dict[str, Any] = parse_json(glb[20 : 20 + length])
    except ValueError:  # its writer writes "nan" where a shape is nowhere
        raise StepError("has shapes that lie nowhere (numbers that are none); export it again") from None
    numbers = memoryview(glb)[28 + length :]
    uses = [use for product in products.values() for use in product.uses]
    used = {use: products[child] for use, child in uses if child in products}
    waiting = [(node, np.eye(4), "") for node in reversed(header["scenes"][header.get("scene", 0)].get("nodes", []))]
    while waiting:
        number, above, name = waiting.pop()
        node = header["nodes"][number]
        placed = above @ _placement(node)
        name = _name(node, header, used, products) or name
        waiting += [(child, placed, name) for child in reversed(node.get("children", []))]
        if "mesh" in node:
            mesh = _mesh(header, numbers, header["meshes"][node["mesh"]])
            if mesh is not None:
                vertices, triangles, colors = mesh
                if np.linalg.det(placed[:3, :3]) < 0:
                    triangles = triangles[:, ::-1]
                yield StepBody(name or "body", vertices @ placed[:3, :3].T + placed[:3, 3], triangles, colors)


def _name(node: dict[str, Any], header: dict[str, Any], used: dict[int, Product], products: dict[int, Product]) -> str:
    """The name of the product that `node` shows, by what is `used` in assemblies; empty where there is none."""
    said = str(node.get("name", ""))
    if said.startswith("use ") and said[4:].isdecimal() and int(said[4:]) in used:
        return used[int(said[4:])].name
    if "mesh" in node:
        said = str(header["meshes"][node["mesh"]].get("name", said))
    if len(products) == 1:
        said = next(iter(products.values())).name or said
    return "" if said.startswith((_NAME_OF_NO_PRODUCT, "use ")) else said


def _placement(node: dict[str, Any]) -> NDArray[np.float64]:
    from trimesh.transformations import quaternion_matrix

    if "matrix" in node:
        return np.asarray(node["matrix"], np.float64).reshape(4, 4).T
    placed = np.eye(4)
    if "rotation" in node:
        x, y, z, w = node["rotation"]
        placed = quaternion_matrix([w, x, y, z])
    placed[:3, :3] *= np.asarray(node.get("scale", (1, 1, 1)), np.float64)
    placed[:3, 3] = node.get("translation", (0, 0, 0))
    return placed


def _mesh(
    header: dict[str, Any], numbers: memoryview, mesh: dict[str, Any]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float32]] | None:
    """Vertices, triangles and their colours: a mesh has a primitive for each colour."""
    vertices, triangles, colors, count = [], [], [], 0
    for primitive in mesh["primitives"]:
        if primitive.get("mode", 4) != 4 or "indices" not in primitive:
            continue
        points = _array(header, numbers, primitive["attributes"]["POSITION"]).astype(np.float64)
        corners = _array(header, numbers, primitive["indices"]).astype(np.int64).reshape(-1, 3)
        vertices.append(points)
        triangles.append(corners + count)
        colors.append(np.tile(_color(header, primitive.get("material")), (len(corners), 1)))
        count += len(points)
    if not triangles:
        return None
    return np.concatenate(vertices), np.concatenate(triangles), np.concatenate(colors)


def _color(header: dict[str, Any], material: int | None) -> NDArray[np.float32]:
    if material is None:
        return np.full(4, np.nan, np.float32)
    factor = header["materials"][material].get("pbrMetallicRoughness", {}).get("baseColorFactor", (1, 1, 1, 1))
    return np.asarray(factor, np.float32)


def _array(header: dict[str, Any], numbers: memoryview, accessor: int) -> NDArray[Any]:
    said = header["accessors"][accessor]
    view = header["bufferViews"][said["bufferView"]]
    width = _COMPONENTS[said["type"]]
    start = view.get("byteOffset", 0) + said.get("byteOffset", 0)
    values = np.frombuffer(numbers, _TYPES[said["componentType"]], said["count"] * width, start)
    return values.reshape(-1, width) if width > 1 else values


def _why_empty(text: bytes) -> str:
    """Why no shape could be read of `text`."""
    if others := _named(step_text.other_files(text)):
        return f"is an assembly whose parts are in other files ({others}); export it as one STEP file, or list those"
    protocol = step_text.schema(text)
    if "AP209" in protocol or "STRUCTURAL_ANALYSIS" in protocol:
        return "follows AP209 (finite elements), which is not read; export the part itself as AP203, AP214 or AP242"
    if b"ENDSEC" not in text[-2000:]:
        return "no shape in it can be read as STEP: the file is cut off before its end; export it again"
    if not any(word in text for word in (b"FACE", b"TRIANGULATED", b"TESSELLATED")):
        return "has no surface, only curves or points; export it again with its solids"
    return "no shape in it can be read; export it again"
