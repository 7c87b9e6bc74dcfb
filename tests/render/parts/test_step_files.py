"""STEP of strangers: the same triangles whatever the unit, names of products, colours of faces, and plain reasons."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pytest

from render.materials.surface_colors import DARKEST
from render.parts import step_files, step_text
from render.parts.geometry import Geometry, GeometryError, load_geometry
from render.parts.step_strings import decode_strings

sys.path.insert(0, str(Path(__file__).parent))
from made_step import StepText, machine, new_step

BOLT = (Path(__file__).parents[3] / "data" / "parts" / "hex_bolt_m8x40.step").read_bytes()
MILLI = b"SI_UNIT(.MILLI.,.METRE.)"
SIX = ((1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (0, 1, 1), (1, 0, 1))


def read(folder: Path, text: StepText | bytes) -> Geometry:
    path = folder / "part.step"
    path.write_bytes(text if isinstance(text, bytes) else str(text).encode())
    return load_geometry(path, "mm", file_materials=True)


def cube(text: StepText, voids: bool = False) -> list[int]:
    """A box of 10 x 20 x 30 in `text`; returns the numbers of its faces."""
    shell, faces = text.shell((10, 20, 30), (0, 0, 0))
    solid = f"MANIFOLD_SOLID_BREP('',#{shell})"
    if voids:
        inner, _ = text.shell((2, 2, 2), (3, 3, 3))
        solid = f"BREP_WITH_VOIDS('',#{shell},(#{text.add(f"ORIENTED_CLOSED_SHELL('',*,#{inner},.F.)")}))"
    text.product("Cube", "ADVANCED_BREP_SHAPE_REPRESENTATION", [text.add(solid)])
    return faces


@pytest.mark.parametrize(("unit", "factor"), [(b"SI_UNIT(.CENTI.,.METRE.)", 10), (b"SI_UNIT($,.METRE.)", 1000)])
def test_a_part_has_the_same_triangles_in_every_unit(tmp_path: Path, unit: bytes, factor: float) -> None:
    in_mm, other = read(tmp_path, BOLT), read(tmp_path, BOLT.replace(MILLI, unit))
    assert other.size_mm == pytest.approx(in_mm.size_mm * factor, rel=1e-3)
    assert other.triangles == pytest.approx(in_mm.triangles, rel=0.02)


@pytest.mark.parametrize(("unit", "factor"), [("mm", 1), ("cm", 10), ("m", 1000), ("in", 25.4)])
def test_units_of_length(tmp_path: Path, unit: str, factor: float) -> None:
    text = new_step(unit)
    text.box("Box", (1, 2, 3))
    assert read(tmp_path, text).size_mm == pytest.approx(np.array([1, 2, 3]) * factor, rel=1e-5)
    assert step_text.extent_mm(str(text).encode()) == pytest.approx(3 * factor)


def test_too_many_triangles_are_made_fewer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fine = read(tmp_path, BOLT).triangles
    monkeypatch.setattr(step_files, "ENOUGH_TRIANGLES", fine - 1)
    assert read(tmp_path, BOLT).triangles < 0.6 * fine


def test_a_size_that_was_guessed_too_large_is_corrected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = read(tmp_path, BOLT).triangles
    monkeypatch.setattr(step_text, "extent_mm", lambda text: 1e5)
    assert read(tmp_path, BOLT).triangles == pytest.approx(right, rel=0.6)


def test_bodies_are_called_as_their_products(tmp_path: Path) -> None:
    names = [body.name for body in read(tmp_path, machine()).bodies]
    assert names == ["Base plate", "Motor body", *["Screw M5x20"] * 6, "Shaft"]


def test_names_in_the_letters_of_many_places() -> None:
    assert decode_strings([rb"W\X2\00E4\X0\lzlager \S\d"]) == ["Wälzlager ä"]
    assert decode_strings(["Gehäuse".encode("cp1252"), b"it''s"]) == ["Gehäuse", "it's"]
    for name, encoding in (
        ("Крышка редуктора", "cp1251"),
        ("齿轮箱底座", "gb18030"),
        ("ベースプレート", "cp932"),
        ("Zahnräder", "utf-8"),
    ):
        assert decode_strings([name.encode(encoding)]) == [name]


def test_every_face_has_its_colour(tmp_path: Path) -> None:
    text = new_step()
    text.paint(dict(zip(cube(text), SIX, strict=True)))
    (body,) = read(tmp_path, text).bodies
    assert body.material is not None and body.material.colors is not None and body.corners is not None
    of_triangles = body.material.colors[body.corners][:, 0]
    assert (body.material.colors[body.corners] == of_triangles[:, None]).all()
    edges = body.vertices[body.triangles[:, 1:]] - body.vertices[body.triangles[:, :1]]
    normals = np.cross(edges[:, 0], edges[:, 1])
    outward = {(axis, sign) for axis, sign in zip(np.abs(normals).argmax(1), np.sign(normals.sum(1)), strict=True)}
    assert len(outward) == 6
    assert len(np.unique(np.column_stack([np.round(normals), of_triangles]), axis=0)) == 6
    assert of_triangles.min() == pytest.approx(DARKEST)


def test_shapes_that_were_refused_before(tmp_path: Path) -> None:
    text = new_step()
    text.paint({cube(text)[0]: (1, 0, 0)})  # a single coloured face
    (body,) = read(tmp_path, text).bodies
    assert body.material is None and len(body.triangles) == 12
    text = new_step()
    text.paint({cube(text, voids=True)[0]: (1, 0, 0)})
    assert read(tmp_path, text).triangles == 24
    text = new_step()
    shell, faces = text.shell((10, 20, 30), (0, 0, 0), range(4), closed=False)
    model = text.add(f"SHELL_BASED_SURFACE_MODEL('',(#{shell}))")
    text.product("Sheet", "MANIFOLD_SURFACE_SHAPE_REPRESENTATION", [model])
    text.paint({faces[0]: (1, 0, 0)})
    assert read(tmp_path, text).triangles == 8


def test_greys_that_programs_give_say_nothing_and_black_is_no_hole(tmp_path: Path) -> None:
    for color, kept in (((0.792, 0.820, 0.933), False), ((0.8, 0.8, 0.8), False), ((0, 0, 0), True), ((1, 1, 1), True)):
        text = new_step()
        text.box("Box", (1, 2, 3), color=color)
        material = read(tmp_path, text).bodies[0].material
        assert (material is not None) == kept
        assert material is None or (min(material.color[:3]) >= DARKEST and material.metallic == 0)


def test_reasons(tmp_path: Path) -> None:
    text = new_step()
    text.product("Frame", "SHAPE_REPRESENTATION", [])
    text.add("DOCUMENT_FILE('a','arm left.stp','',#1,'','')")
    with pytest.raises(GeometryError, match=r"parts are in other files \(arm left.stp\)"):
        read(tmp_path, text)
    text.box("Foot", (1, 1, 1))
    assert "arm left.stp" in read(tmp_path, text).notes[0]
    text = new_step(schema="AP209_MULTIDISCIPLINARY_ANALYSIS_AND_DESIGN_MIM_LF")
    text.product("Mesh", "SHAPE_REPRESENTATION", [])
    with pytest.raises(GeometryError, match="AP209"):
        read(tmp_path, text)
    text = new_step()
    text.product("Sketch", "SHAPE_REPRESENTATION", [])
    with pytest.raises(GeometryError, match="only curves or points"):
        read(tmp_path, text)


def test_texts_are_searched_in_linear_time() -> None:
    hostile = b"#1=CARTESIAN_POINT" * 9_000 + b"(" * 9_000 + b"#" * 9_000 + b"#1=PRODUCT('" * 9_000 + b"/*" * 9_000

    def seconds(text: bytes) -> float:
        start = time.process_time()
        step_text.extent_mm(text)
        step_text.read_products(text)
        step_text.name_uses(text)
        step_text.other_files(text)
        list(step_text.statements(text))
        return time.process_time() - start

    assert seconds(4 * hostile) < 12 * seconds(hostile) + 1


def test_an_assembly_that_holds_itself_is_said() -> None:
    text = new_step()
    one, two = text.box("One", (1, 1, 1)), text.box("Two", (1, 1, 1))
    three = text.box("Three", (1, 1, 1))
    for parent, child in ((one, two), (two, three), (three, two)):
        text.use(parent, child, (0, 0, 0))
    with pytest.raises(ValueError, match="hold themselves"):
        step_text.counts(step_text.read_products(str(text).encode()))
