"""The catalogue: good rows become parts, every bad row is skipped with a reason that names it and the remedy."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import trimesh

from cad2real.errors import UserError
from render.part_lists.places import Place
from render.parts.catalogue import make_catalogue, make_part, read_catalogue, write_catalogue
from render.parts.geometry import GeometryError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    trimesh.creation.box((10, 20, 30)).export(tmp_path / "box.stl")
    return tmp_path


def write_list(folder: Path, *rows: str, header: str = "part_id,file") -> Path:
    path = folder / "parts.csv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


def reason(folder: Path, row: str) -> str:
    """Why `row` is skipped, between two good rows that are not."""
    made = make_catalogue(write_list(folder, "first,box.stl", row, "last,box.stl"), folder)
    assert [part.part_id for part in made.parts] == ["first", "last"]
    (skipped,) = made.skipped
    assert skipped.where.endswith("parts.csv row 3")
    return skipped.reason


def test_a_good_row_becomes_a_part(folder: Path) -> None:
    header = "part_id,file,label,name,units,material,surface,color"
    made = make_catalogue(write_list(folder, "a,box.stl,cube,A box,cm,steel,brushed,natural", header=header), folder)
    (part,) = made.parts
    assert (part.label, part.name, part.units, part.triangles) == ("cube", "A box", "cm", 12)
    assert part.size_mm == (100, 200, 300)
    assert part.file == "box.stl"
    assert made.notes == ()


def test_defaults_of_a_short_row(folder: Path) -> None:
    (part,) = make_catalogue(write_list(folder, "a,box.stl"), folder, "in").parts
    assert (part.label, part.units, part.material) == ("a", "in", "")
    assert part.size_mm == pytest.approx((254, 508, 762))


def test_written_and_read_again(folder: Path) -> None:
    made = make_catalogue(write_list(folder, "a,box.stl", "b,none.stl"), folder)
    write_catalogue(folder / "catalogue.json", made)
    assert read_catalogue(folder / "catalogue.json") == made
    raw = json.loads((folder / "catalogue.json").read_text())
    assert raw["skipped"][0]["thing"] == "b"


@pytest.mark.parametrize(
    "header",
    [
        "part_id,file,machine,assembly,position",
        "part_id,file,Maschine,Baugruppe,Pos.",
        "part_id,file,設備,ユニット,項番",
        "part_id,file,станок,узел,поз",
    ],
)
def test_a_list_says_where_parts_stand_under_the_words_of_its_language(folder: Path, header: str) -> None:
    path = write_list(folder, "a,box.stl,Press 40,Frame,3", "b,box.stl,,,1.10", "c,box.stl,,,", header=header)
    made = make_catalogue(path, folder)
    assert [part.places for part in made.parts] == [(Place("3", ("Press 40", "Frame")),), (Place("1.10"),), ()]
    write_catalogue(folder / "catalogue.json", made)
    assert read_catalogue(folder / "catalogue.json") == made


def test_a_catalogue_of_before_has_no_places(folder: Path) -> None:
    made = make_catalogue(write_list(folder, "a,box.stl"), folder).as_dict()
    del made["parts"][0]["places"]
    (folder / "catalogue.json").write_text(json.dumps(made))
    assert read_catalogue(folder / "catalogue.json").parts[0].places == ()


def test_a_column_that_may_be_a_number_or_a_quantity_is_no_position(folder: Path) -> None:
    made = make_catalogue(write_list(folder, "a,box.stl,4,4", header="part_id,file,#,item"), folder)
    assert made.parts[0].places == ()


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("b,none.stl", "does not exist"),
        ("first,box.stl", "used before in row 2"),
        ("a/b,box.stl", "cannot name a folder"),
        ("..,box.stl", "cannot name a folder"),
        ("a b,box.stl", "cannot name a folder"),
        (",box.stl", "no part_id"),
        ("b,", "no file"),
        ("b,../box.stl", "outside the part list's folder"),
        ("b,/etc/passwd", "outside the part list's folder"),
        ("b,parts.csv", "format '.csv' is not read"),
    ],
)
def test_a_bad_row_is_skipped_with_its_reason(folder: Path, row: str, words: str) -> None:
    assert words in reason(folder, row)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("bad.step", b"solid but not a STEP file", "is not a STEP file"),
        ("cut.step", b"ISO-10303-21;\nHEADER;\nDATA;\n#1=", "STEP"),
        ("empty.stl", b"", "is empty"),
        ("none.stl", b"solid x\nendsolid x\n", "none.stl"),
        ("bad.glb", b"\x00\x01\x02\x03" * 9, "cannot be read as GLB"),
        ("nan.obj", b"v 0 0 0\nv nan 0 0\nv 0 1 0\nf 1 2 3\n", "not numbers"),
        ("flat.obj", b"v 0 0 0\nv 1 0 0\nv 2 0 0\nf 1 2 3\n", "no triangle of any area"),
        ("points.obj", b"v 0 0 0\nv 1 0 0\n", "points.obj"),
    ],
)
def test_a_bad_file_is_skipped_with_its_reason(folder: Path, name: str, content: bytes, words: str) -> None:
    (folder / name).write_bytes(content)
    assert words in reason(folder, f"b,{name}")


def write_workbook(path: Path, *rows: tuple[object, ...]) -> Path:
    from openpyxl import Workbook

    workbook = Workbook()
    for row in rows:
        workbook.active.append(row)
    workbook.create_sheet("notes").append(["see", "list"])
    workbook.save(path)
    return path


def test_a_part_list_may_be_an_excel_workbook(folder: Path) -> None:
    header = (" Part_ID", "file", "name", None, "material")
    rows = [(1001, "box.stl", "A box", "ignored", "brass"), (), (1002.0, "none.stl"), ("last", "box.stl")]
    made = make_catalogue(write_workbook(folder / "parts.xlsx", header, *rows), folder)
    assert [(part.part_id, part.name, part.material) for part in made.parts] == [
        ("1001", "A box", "brass"),
        ("last", "", ""),
    ]
    (skipped,) = made.skipped
    assert (skipped.thing, skipped.where) == ("1002", f"{folder / 'parts.xlsx'} row 4")


def test_what_is_no_workbook_is_settings_content(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "parts.xlsx").write_bytes(b"PK\x03\x04part_id,file")
    with pytest.raises(UserError, match=r"parts\.xlsx cannot be read as a workbook .* or as CSV"):
        make_catalogue(folder / "parts.xlsx", folder)
    with pytest.raises(UserError, match="has no column file"):
        make_catalogue(write_workbook(folder / "parts.xlsx", ("part_id",), ("a",)), folder)
    with pytest.raises(UserError, match="has no table of parts"):
        make_catalogue(write_workbook(folder / "parts.xlsx"), folder)
    monkeypatch.setattr("render.part_lists.workbook_limits.MAX_UNPACKED_BYTES", 1000)
    with pytest.raises(UserError, match="unpacks to more than"):
        make_catalogue(folder / "parts.xlsx", folder)


def test_a_list_without_its_columns_is_an_error(folder: Path) -> None:
    with pytest.raises(UserError, match="has no column file"):
        make_catalogue(write_list(folder, "a", header="part_id"), folder)


def test_a_missing_or_empty_list_is_an_error(folder: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        make_catalogue(folder / "none.csv", folder)
    with pytest.raises(UserError, match="lists no part"):
        make_catalogue(write_list(folder), folder)


def test_unknown_words_are_noted_and_the_part_is_kept(folder: Path) -> None:
    made = make_catalogue(write_list(folder, "a,box.stl,stell", header="part_id,file,material"), folder)
    assert len(made.parts) == 1
    assert "did you mean 'steel'" in made.notes[0].reason


def test_inside_out_and_far_away_meshes_are_mended(folder: Path) -> None:
    box = trimesh.creation.box((10, 10, 10))
    box.invert()
    box.apply_translation((1e6, 1e6, 1e6))
    box.export(folder / "far.ply")
    from render.parts.geometry import load_geometry

    geometry = load_geometry(folder / "far.ply", "mm")
    (body,) = geometry.bodies
    assert geometry.size_mm == pytest.approx((10, 10, 10))
    corners = body.vertices[body.triangles] - geometry.centre_mm
    volume = np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() / 6
    assert volume == pytest.approx(1000)


def test_one_file_is_the_part_that_a_list_of_it_would_give(folder: Path) -> None:
    row = "box,box.stl,cm,aluminium,anodized,ral 7015"
    header = "part_id,file,units,material,surface,color"
    (listed,) = make_catalogue(write_list(folder, row, header=header), folder).parts
    assert make_part(folder / "box.stl", "aluminium anodized ral 7015", "cm", root=folder) == listed
    assert make_part(folder / "box.stl", part_id="other", root=folder).label == "other"


def test_one_file_that_cannot_be_used(folder: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        make_part(folder / "none.stl")
    with pytest.raises(UserError, match="cannot name a folder"):
        make_part(folder / "box.stl", part_id="a/b")
    (folder / "empty.stl").touch()
    with pytest.raises(GeometryError, match="is empty"):
        make_part(folder / "empty.stl")
