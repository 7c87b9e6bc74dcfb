"""The simple list in hundreds of forms: none loses a label, a unit or a name, and what is meant otherwise is said."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook

from cad2real.errors import UserError
from render.parts.company_list import count_parts, input_files, read_rows

ROWS = [
    ["part_id", "label", "name", "file", "units", "material", "surface", "color"],
    ["bolt_m8", "bolt", "Bolzen für Größe", "bolt m8.step", "mm", "steel", "zinc plated", ""],
    ["bolt_m10", "bolt", "Bolt, M10; long", "b,olt;m10.step", "in", "stainless steel", "", ""],
    ["cap", "cap", 'Cap 1/4" | top', "cap.stl", "", "abs", "", "red"],
    ["ring-1", "", "Ring", "ring.step", "mm", "", "", ""],
]
ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "utf-8": str.encode,
    "utf-8-sig": lambda text: text.encode("utf-8-sig"),
    "utf-16": lambda text: text.encode("utf-16"),
    "utf-16-be": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "utf-16-le without a mark": lambda text: text.encode("utf-16-le"),
    "cp1252": lambda text: text.encode("cp1252"),
    "utf-32": lambda text: text.encode("utf-32"),
    "mac_roman": lambda text: text.encode("mac_roman"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for row in ROWS[1:]:
        (tmp_path / row[3]).write_text("x")
    return tmp_path


def text_of(rows: list[list[str]], delimiter: str = ",", quoting: int = csv.QUOTE_MINIMAL, end: str = "\n") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows(rows)
    return text.getvalue()


def check(folder: Path, content: bytes, name: str = "parts.csv") -> None:
    path = folder / name
    path.write_bytes(content)
    rows, skipped = read_rows(path, "mm")
    assert not skipped
    assert [(r.part_id, r.label, r.name, r.file.name, r.units, r.material, r.surface, r.color) for r in rows] == [
        (row[0], row[1] or row[0], row[2], row[3], row[4] or "mm", *row[5:]) for row in ROWS[1:]
    ]
    assert count_parts(path) == 4
    assert {file.name for file in input_files(path)} == {row[3] for row in ROWS[1:]}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_encodings_quotes_and_line_ends(folder: Path, delimiter: str, encoding: str) -> None:
    for quoting, end in itertools.product((csv.QUOTE_MINIMAL, csv.QUOTE_ALL), ("\n", "\r\n", "\r")):
        check(folder, ENCODINGS[encoding](text_of(ROWS, delimiter, quoting, end)))


@pytest.mark.parametrize(
    "above",
    [
        "",
        "\n\n",
        "sep=,\n",
        "# parts of the gearbox\n",
        "Gearbox 4711,,,\nDate,2024-01-01\n\n",
        "\ufeff",
        "\ufeff\ufeff",
    ],
)
def test_what_stands_above(folder: Path, above: str) -> None:
    check(folder, (above + text_of(ROWS)).encode())


@pytest.mark.parametrize(
    "head",
    [
        ["Part_ID", "Label", "Name", "File", "Units", "Material", "Surface", "Color"],
        ["PART ID", "LABEL", "NAME", "FILE", "UNITS", "MATERIAL", "SURFACE", "COLOR"],
        ["part-id*", "label", "name", "file*", "unit", "material", "surface", "colour"],
        [" part_id ", "label", "name\u200b", "file", "units", "material", "surface", "color"],
        ['="part_id"', "label", "name", "file", "units", "material", "surface", "color"],
    ],
)
def test_names_of_columns(folder: Path, head: list[str]) -> None:
    check(folder, text_of([head, *ROWS[1:]], ";").encode())
    check(folder, text_of([head[::-1], *(row[::-1] for row in ROWS[1:])]).encode())


def test_workbooks(folder: Path) -> None:
    book = Workbook()
    cover, sheet = book.active, book.create_sheet("parts")
    cover.append(["Gearbox 4711"])
    for row in [[], ["Parts"], *ROWS]:
        sheet.append(row)
    sheet["B5"] = None  # one label, merged over both bolts
    sheet.merge_cells("B4:B5")
    file = io.BytesIO()
    book.save(file)
    for name in ("parts.xlsx", "parts.csv", "parts.xls"):
        check(folder, file.getvalue(), name)
    sheet["B4"] = '=LOWER("Bolt")'
    book.save(folder / "parts.xlsx")
    with pytest.raises(UserError, match="formulas without results"):
        read_rows(folder / "parts.xlsx", "mm")


def test_a_column_that_is_there_twice_is_refused(folder: Path) -> None:
    (folder / "parts.csv").write_text("part_id,file,label,Label\na,cap.stl,x,y\n")
    with pytest.raises(UserError, match="more than one column label"):
        read_rows(folder / "parts.csv", "mm")


def test_a_column_that_is_nearly_one_is_named(folder: Path) -> None:
    (folder / "parts.csv").write_text("part_id,file,lable,materials,quantity\na,cap.stl,x,steel,2\n")
    rows, skipped = read_rows(folder / "parts.csv", "mm")
    assert [row.part_id for row in rows] == ["a"]
    assert [(item.thing, item.reason) for item in skipped] == [
        ("column 'lable'", "is not read; call it label if it is that"),
        ("column 'materials'", "is not read; call it material if it is that"),
    ]


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("#REF!", "a formula that failed"),
        ("#N/A", "a formula that failed"),
        ("Ma\ufffd", "cannot be read"),
        ("a/b", "slash"),
    ],
)
def test_a_cell_that_is_none_is_its_own_rows_fault(folder: Path, cell: str, reason: str) -> None:
    (folder / "parts.csv").write_text(f"part_id,file,label\na,cap.stl,{cell}\nb,cap.stl,cap\n")
    rows, (skipped,) = read_rows(folder / "parts.csv", "mm")
    assert [row.part_id for row in rows] == ["b"]
    assert reason in skipped.reason


def test_a_list_of_a_company_stays_one(folder: Path) -> None:
    (folder / "parts.csv").write_text("Part ID;File;Qty\nCAP/1;cap.stl;2\n")
    rows, _ = read_rows(folder / "parts.csv", "mm")
    assert [(row.part_id, row.file.name) for row in rows] == [("CAP-1", "cap.stl")]
