"""A STEP assembly of a whole machine, taken apart: each part once, with how often it is there, its shape and colour."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cad2real.errors import UserError
from render.parts.company_assemblies import assembly_in, cut_assembly
from render.parts.geometry import load_geometry
from render.parts.part_list import read_part_list
from render.parts.step_split import assembly_parts, cut_out

sys.path.insert(0, str(Path(__file__).parent))
from made_step import machine, new_step

BEARING = Path(__file__).parents[3] / "data" / "parts" / "ball_bearing_6000.step"


def test_instances_are_counted_through_all_assemblies() -> None:
    found = {part.name: part for part in assembly_parts(str(machine()).encode())}
    assert {name: part.quantity for name, part in found.items()} == {
        "Base plate": 1,
        "Screw M5x20": 6,
        "Motor body": 1,
        "Shaft": 1,
        "Motor unit": 1,
    }
    assert [name for name, part in found.items() if part.is_assembly] == ["Motor unit"]
    assert found["Shaft"].number == "RA-202"


@pytest.mark.parametrize("text", [str(machine()).encode(), BEARING.read_bytes()])
def test_every_part_has_the_shape_that_it_has_in_the_assembly(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "whole.step").write_bytes(text)
    whole = load_geometry(tmp_path / "whole.step", "mm", file_materials=True)
    bodies = {body.name: body for body in whole.bodies}
    for part, cut in cut_out(text, assembly_parts(text)):
        (tmp_path / "part.step").write_bytes(cut)
        alone = load_geometry(tmp_path / "part.step", "mm", file_materials=True)
        if part.is_assembly:
            assert len(alone.bodies) in {4, 14}
            continue
        (body,) = alone.bodies
        there = bodies[part.name]
        assert body.name == part.name
        assert sorted(alone.size_mm) == pytest.approx(sorted(there.vertices.max(0) - there.vertices.min(0)), rel=1e-3)
        if there.material is None:
            assert body.material is None
        else:
            assert body.material is not None and body.material.color == pytest.approx(there.material.color)


def test_copies_that_a_program_writes_anew_are_one_part() -> None:
    text = new_step()
    bolts = [text.box("Bolt", (4, 4, 20 + number)) for number in range(3)]  # each copy its own product
    plate = text.box("Plate", (40, 40, 4))
    top = text.product("Top", "SHAPE_REPRESENTATION", [])
    for number, part in enumerate((*bolts, plate)):
        text.use(top, part, (10.0 * number, 0, 0))
    assert [(part.name, part.quantity) for part in assembly_parts(str(text).encode())] == [("Bolt", 3), ("Plate", 1)]


def test_a_part_of_one_product_is_no_assembly(tmp_path: Path) -> None:
    text = new_step()
    text.box("Box", (1, 2, 3))
    (tmp_path / "a.step").write_text(str(text))
    assert assembly_in(tmp_path) is None
    with pytest.raises(UserError, match="no assembly of several parts"):
        list(cut_assembly(tmp_path / "a.step", False, None))
    (tmp_path / "a.step").write_bytes(b"\x00\xff" * 500)
    assert assembly_in(tmp_path) is None


def test_a_product_is_cut_out_the_same_whatever_else_changes(tmp_path: Path) -> None:
    """So only changed parts are rendered again."""
    (tmp_path / "m.step").write_text(str(machine()))
    cut = {part.part_id: part.text for part in cut_assembly(tmp_path / "m.step", True, None)}
    assert set(cut) == {"Base-plate", "Screw-M5x20", "Motor-body", "Shaft", "Motor-unit"}
    moved = str(machine()).replace("(2.000000000E+01,1.000000000E+01,5.000000000E+00)", "(2.E+01,9.E+00,5.E+00)")
    assert moved != str(machine())
    (tmp_path / "m.step").write_text(moved)
    again = {part.part_id: part.text for part in cut_assembly(tmp_path / "m.step", True, None)}
    assert again == cut


def test_the_list_of_an_assembly_is_a_simple_one(tmp_path: Path) -> None:
    from flows.import_folder import import_folder

    (tmp_path / "machine.step").write_text(str(machine()))
    made = import_folder(tmp_path / "project", tmp_path / "machine.step")
    rows, skipped = read_part_list(tmp_path / "project" / made.part_list, "mm")
    assert [row.part_id for row in rows] == ["Base-plate", "Screw-M5x20", "Motor-body", "Shaft"]
    assert not skipped
    assert all(row.file.is_file() for row in rows)
    assert "N-5,6," in (tmp_path / "project" / made.part_list).read_text()
    made = import_folder(tmp_path / "more", tmp_path / "machine.step", sub_assemblies=True)
    assert "Motor-unit" in (tmp_path / "more" / made.part_list).read_text()


def test_a_list_beside_the_assembly_finds_its_parts_by_number(tmp_path: Path) -> None:
    from flows.import_folder import import_folder
    from render.parts.catalogue import make_catalogue

    source = tmp_path / "source"
    source.mkdir()
    (source / "machine.step").write_text(str(machine()))
    rows = "Pos;Sachnummer;Benennung;Menge;Werkstoff\n1;RA-100;Grundplatte;1;EN AW-6082\n2;N-5;Schraube;6;Stahl\n"
    (source / "liste.csv").write_text(rows + "3;RA-201;Motorgehäuse;1;Kunststoff schwarz\n4;RA-202;Welle;1;C45\n")
    made = import_folder(tmp_path / "project", source)
    found = make_catalogue(tmp_path / "project" / made.part_list, tmp_path / "project")
    assert [part.part_id for part in found.parts] == ["RA-100", "N-5", "RA-201", "RA-202"]
    assert not found.skipped
