"""Companies' lists from file to catalogue: three in the style of real ones resolve without hand work."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import trimesh

from cad2real.errors import UserError
from render.part_lists.explain import as_json, lines
from render.part_lists.places import Place
from render.part_lists.reader import Choices, read_list
from render.parts.catalogue import Catalogue, make_catalogue
from render.parts.company_list import folder_parts, read_rows

sys.path.insert(0, str(Path(__file__).parents[1] / "part_lists"))
from made_lists import chinese, german_erp, solidworks_xls


def box(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    trimesh.creation.box((10, 20, 30)).export(path)


def written(folder: Path, text: str, name: str = "list.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def catalogue(path: Path) -> Catalogue:
    return make_catalogue(path, path.parent)


@pytest.mark.parametrize(
    ("style", "file_name"),
    [
        (german_erp, lambda number, name: f"CAD/{number.replace('/', '_')}_{name}.STL"),
        (solidworks_xls, lambda number, name: f"{number.lower().replace('-', ' ')} rev B.stl"),
        (chinese, lambda number, name: f"图纸/{number.replace('/', '-')} {name}.stl"),
    ],
)
def test_lists_in_the_style_of_real_ones_resolve_without_hand_work(
    tmp_path: Path, style: Callable[[random.Random], object], file_name: Callable[[str, str], str]
) -> None:
    made = style(random.Random(7))
    path = made.save(tmp_path, "list")  # type: ignore[attr-defined]
    read = read_list(path)
    for part in read.parts:
        box(tmp_path / file_name(part.part_number, part.name))
    found = catalogue(path)
    assert [part.part_id for part in found.parts] == [part.part_id for part in read.parts]
    assert not found.skipped
    rows = {row for part in read.parts for row in part.rows} | {item.row for item in read.not_parts}
    (sheet,) = (table.sheet for table in read.tables)
    header = set(range(read.tables[0].head.first + 1, read.tables[0].head.last + 2))
    body = {
        number for number, row in enumerate(sheet.rows, 1) if any(cell.strip() for cell in row) and number > max(header)
    }
    assert rows == body  # every line below the header is explained
    assert all(item.why for item in read.not_parts)


def test_an_assembly_is_made_of_its_parts_each_with_its_material(tmp_path: Path) -> None:
    text = (
        "Pos;Sachnummer;Benennung;Menge;Werkstoff\n1;A-100;Getriebe;1;\n1.1;A-101;Gehäuse;1;EN-GJL-250\n"
        "1.2;A-102;Welle;1;C45\n"
    )
    path = written(tmp_path, text)
    box(tmp_path / "A-100.stl")
    found = catalogue(path)
    (part,) = found.parts
    assert part.part_id == "A-100"
    assert "*a-101*=cast iron" in part.bodies
    assert "*welle*=steel" in part.bodies
    assert {item.thing for item in found.skipped} == {"A-101", "A-102"}


def test_ids_quantities_and_positions(tmp_path: Path) -> None:
    text = (
        "Pos\tPart number\tName\tQty\n1.1\tA/1\tPlate\t~30\n1.10\tA 1\tCover\t1 pair\n"
        "1.2\tB-7\tBolt\t4\n1.3\tB-7\tBolt\t6\n"
        "1.4\tАБВ.01\tВал\t900\"\n1.5\t\tHinge left\tas required\n"
    )  # fmt: skip
    read = read_list(written(tmp_path, text, "a.tsv"))
    first, second, bolt, shaft, hinge = read.parts
    assert {first.part_number, second.part_number} == {"A/1", "A 1"}
    assert first.part_id != second.part_id
    assert (first.quantity, second.quantity, second.unit) == (30, 1, "pair")
    assert (bolt.quantity, bolt.rows, bolt.quantity_written) == (10, [4, 5], "4 + 6")
    assert (shaft.part_id, shaft.quantity, shaft.quantity_written) == ("ABV.01", 900, '900"')
    assert (hinge.part_id, hinge.quantity, hinge.quantity_written) == ("Hinge-left", None, "as required")
    assert [part.position for part in read.parts] == ["1.1", "1.10", "1.2", "1.4", "1.5"]


def test_positions_that_a_workbook_made_numbers(tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["Pos", "Part number", "Name"])
    for at, position in enumerate([1, *[round(1 + at / 10, 1) for at in range(1, 10)], 1.1, 1.11]):
        book.active.append([position, f"P-{at}", f"Plate {at}"])
    book.save(tmp_path / "a.xlsx")
    assert [part.position for part in read_list(tmp_path / "a.xlsx").parts][-3:] == ["1.9", "1.10", "1.11"]


def test_which_rows_become_classes(tmp_path: Path) -> None:
    text = (
        "Ebene;Teilenummer;Benennung;Menge;Ersatzteil\n1;A;Antrieb;1;\n2;A1;Welle;1;x\n2;A2;Lager;2;V\n"
        "2;N1;Schraube DIN 912 M6x20;8;\n"
    )
    path = written(tmp_path, text)
    for name in ("A", "A1", "A2", "N1"):
        box(tmp_path / f"{name}.stl")

    def ids(**choices: object) -> list[str]:
        return [row.part_id for row in read_rows(path, "mm", Choices(**choices))[0]]  # type: ignore[arg-type]

    assert ids() == ["A", "A1", "A2", "N1"]
    assert ids(classes="single") == ["A1", "A2", "N1"]
    assert ids(classes="assemblies") == ["A"]
    assert ids(classes="spare") == ["A1", "A2"]
    assert ids(skip_bought=True) == ["A", "A1", "A2"]
    assert "catalogue.skip_bought" in read_rows(path, "mm", Choices(skip_bought=True))[1][0].reason


def test_cad_is_found_by_number_or_name_in_any_folder(tmp_path: Path) -> None:
    names = ("Base plate", "Motor mount", "Idler", "Lever", "Knob", "Lid")
    text = "Part number,Name,Qty\n" + "".join(f"RA-{101 + at},{name},1\n" for at, name in enumerate(names))
    path = written(tmp_path, text)
    files = [
        "ra101.STL",
        "deep/er/12_Motor Mount_rev C.stl",
        "RA-103 - Idler.stl",
        "a/RA-104.stl",
        "b/RA-104.stl",
        "extra.stl",
    ]
    for file in [*files, "Knob_Standard.stl", "Knob_Standard.obj"]:
        box(tmp_path / file)
    rows, skipped = read_rows(path, "mm")
    assert {row.part_id: row.file.relative_to(tmp_path).as_posix() for row in rows} == {
        "RA-101": "ra101.STL",
        "RA-102": "deep/er/12_Motor Mount_rev C.stl",
        "RA-103": "RA-103 - Idler.stl",
        "RA-105": "Knob_Standard.stl",
    }
    reasons = {item.thing: item.reason for item in skipped}
    assert "a/RA-104.stl, b/RA-104.stl" in reasons["RA-104"]
    assert "no CAD file" in reasons["RA-106"]
    assert "no row of the part list" in reasons["extra.stl"]


def test_cad_outside_the_folder_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "list").mkdir()
    box(tmp_path / "RA-1.stl")
    (tmp_path / "list" / "RA-1.stl").symlink_to(tmp_path / "RA-1.stl")
    (tmp_path / "list" / "more").symlink_to(tmp_path)
    path = written(tmp_path / "list", "Part number,Name,Qty,File\nRA-1,Plate,1,../RA-1.stl\n")
    rows, (skipped,) = read_rows(path, "mm")
    assert not rows
    assert skipped.thing == "RA-1"


def test_a_word_that_nobody_knows_is_noted_and_left_open(tmp_path: Path) -> None:
    path = written(
        tmp_path, "Part number,Name,Qty,Material\nA-1,Plate,1,Unobtainium\nA-2,Lid,1,ABS black\nA-3,Rod,2,1.4301\n"
    )
    for number in (1, 2, 3):
        box(tmp_path / f"A-{number}.stl")
    found = catalogue(path)
    assert [(part.material, part.color) for part in found.parts] == [
        ("unknown", ""),
        ("plastic", "black"),
        ("stainless-steel", ""),
    ]
    assert any("Unobtainium" in note.reason and "vocabulary.yaml" in note.reason for note in found.notes)
    assert read_list(path).unknown_words == ["Unobtainium"]


def test_the_users_word_on_columns_sheet_and_header(tmp_path: Path) -> None:
    path = written(tmp_path, "x,y,z\nPlate,A-1,3\nRod,A-2,1\n")
    read = read_list(path, Choices(columns={"x": "name", "B": "part_number", "z": "quantity"}, header_row=1))
    assert [(part.part_number, part.name, part.quantity) for part in read.parts] == [
        ("A-1", "Plate", 3),
        ("A-2", "Rod", 1),
    ]
    with pytest.raises(UserError, match="no sheet 'BOM'"):
        read_list(path, Choices(sheet="BOM"))


def test_own_words_for_headers_and_rows(tmp_path: Path) -> None:
    (tmp_path / "headers.yaml").write_text("part_number: {xx: [blip]}\nname: {xx: [blop]}\nquantity: {xx: [blup]}\n")
    (tmp_path / "rows.yaml").write_text("totals: [zusammen]\n")
    path = written(tmp_path, "blip,blop,blup\nA-1,Plate,3\nzusammen,,3\n")
    read = read_list(path)
    assert [column.role for column in read.tables[0].columns] == ["part_number", "name", "quantity"]
    assert [(item.row, item.why) for item in read.not_parts] == [(3, "a sum")]
    for name, text, words in (
        ("headers.yaml", "part_numbers: {xx: [blip]}\n", "no role of a column"),
        ("headers.yaml", "name: [blip]\n", "has not the form"),
        ("rows.yaml", "totals: 3\n", "has not the form"),
        ("rows.yaml", "total: [3]\n", "has not the form"),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(UserError, match=words):
            read_list(path)
        (tmp_path / name).unlink()


def test_a_simple_list_stays_one(tmp_path: Path) -> None:
    box(tmp_path / "a.stl")
    path = written(tmp_path, "part_id,file,material,Qty\na,a.stl,stainless steel,3\nb c,a.stl,,\n")
    rows, (skipped,) = read_rows(path, "mm")
    assert [(row.part_id, row.material) for row in rows] == [("a", "stainless steel")]
    assert "cannot name a folder" in skipped.reason


def test_a_folder_without_a_list(tmp_path: Path) -> None:
    for file in ("a/Lid.stl", "b/lid.obj", "Größe 1.stl", "Größe 1.obj"):
        box(tmp_path / file)
    found = {part.part_id: part.file.as_posix() for part in folder_parts(tmp_path)}
    assert found == {"Grosse-1": "Größe 1.stl", "a-Lid": "a/Lid.stl", "b-lid": "b/lid.obj"}


def test_everything_is_explained(tmp_path: Path) -> None:
    path = written(tmp_path, "Robot\n\nName,Qty,Material\nPlate,~3,Unobtainium\nTotal,3,\n")
    read = read_list(path)
    told = as_json(read)
    assert list(told) == ["sheets", "columns", "parts", "not_parts", "unknown_words"]
    assert {
        "part_id",
        "part_number",
        "name",
        "quantity",
        "position",
        "material",
        "surface",
        "color",
        "row",
        "why",
    } <= set(told["parts"][0])
    assert json.loads(json.dumps(told)) == told
    text = "\n".join(lines(read))
    for words in ("header in row 3", "'Material': material", "'~3' is taken as 3", "row 5", "a sum", "'Unobtainium'"):
        assert words in text


def placed(folder: Path, text: str) -> dict[str, tuple[Place, ...]]:
    """Where the parts of a company's list stand, all of which have CAD."""
    path = written(folder, text)
    for part in read_list(path).parts:
        box(folder / f"{part.part_number}.stl")
    return {part.part_id: part.places for part in catalogue(path).parts}


def test_a_part_stands_at_its_positions_in_what_its_columns_name(tmp_path: Path) -> None:
    text = """Pos;Sachnummer;Benennung;Menge;Baugruppe;Maschine
1;A-100;Platte;2;Rahmen;Presse 40
2;A-200;Bolzen;8;Rahmen;Presse 40
7;A-200;Bolzen;4;Tür;Presse 40
3;A-300;Griff;1;;
"""
    assert placed(tmp_path, text) == {
        "A-100": (Place("1", ("Presse 40", "Rahmen")),),
        "A-200": (Place("2", ("Presse 40", "Rahmen")), Place("7", ("Presse 40", "Tür"))),
        "A-300": (Place("3"),),
    }


def test_a_part_stands_in_the_assemblies_above_it_outermost_first(tmp_path: Path) -> None:
    text = """Pos,Part number,Name,Qty
1,G-1,Gearbox,1
1.1,G-11,Housing,1
1.1.1,G-111,Cover,2
1.2,G-12,Shaft,1
"""
    found = placed(tmp_path, text)
    assert found["G-1"] == (Place("1"),)
    assert found["G-111"] == (Place("1.1.1", ("Gearbox", "Housing")),)
    assert found["G-12"] == (Place("1.2", ("Gearbox",)),)


def test_an_assembly_that_is_only_named_counts(tmp_path: Path) -> None:
    text = """Part number,Name,Qty,Next assembly
P-1,Plate,1,FRAME-7
P-2,Pin,4,FRAME-7
P-3,Key,4,P-1
"""
    found = placed(tmp_path, text)
    assert found["P-1"] == (Place("", ("FRAME-7",)),)
    assert found["P-3"] == (Place("", ("Plate",)),)


def test_assembly_over_words_for_bought_and_made_is_no_assembly(tmp_path: Path) -> None:
    text = """Part number,Name,Qty,Assembly
P-1,Plate,1,purchased
P-2,Pin,4,manufactured
P-3,Key,4,purchased
P-4,Cam,4,manufactured
P-5,Cap,4,purchased
"""
    assert set(placed(tmp_path, text).values()) == {()}


def test_a_heading_names_the_assembly_below_it_unless_it_says_of_what_kind_parts_are(tmp_path: Path) -> None:
    text = """Pos;Sachnummer;Benennung;Menge
;;Spannvorrichtung;
1;A-100;Platte;2
2;A-200;Backe;8
;;Normteile;
3;A-300;Griff;1
"""
    found = placed(tmp_path, text)
    assert found["A-100"] == (Place("1", ("Spannvorrichtung",)),)
    assert found["A-300"] == (Place("3"),)
