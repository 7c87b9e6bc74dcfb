"""Workbooks in many forms: offsets, merged and hidden cells, formulas, what a cell may hold, wrong suffixes."""

from __future__ import annotations

import datetime
import io
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.chart import BarChart
from openpyxl.comments import Comment
from openpyxl.worksheet.table import Table
from openpyxl.worksheet.worksheet import Worksheet

from cad2real.errors import UserError
from render.part_lists import workbooks
from render.part_lists.reader import read_list

sys.path.insert(0, str(Path(__file__).parent))
from forms_of_lists import HEAD, B, Parts, X, text_of
from made_lists import Made

Fill = Callable[[Worksheet], object]
SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
NUMBERS = [[int(cell) if cell.isdecimal() else cell for cell in row] for row in B]


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that reads workbooks costs a second each time, and has tests of its own."""

    def read_here(path: Path) -> object:
        try:
            return workbooks._sheets(path)
        except Exception as error:
            return type(error).__name__

    monkeypatch.setattr(workbooks, "_read_apart", read_here)


def put(sheet: Worksheet, rows: list[list[object]] | list[list[str]], at: int = 1, left: int = 1) -> Worksheet:
    for down, row in enumerate(rows):
        for right, cell in enumerate(row):
            if cell != "":
                sheet.cell(at + down, left + right, cell)
    return sheet


def merged(*areas: str, rows: list[list[object]] | list[list[str]] = NUMBERS) -> Fill:
    def fill(sheet: Worksheet) -> None:
        put(sheet, rows)
        for area in areas:
            sheet.merge_cells(area)

    return fill


def changed(**cells: object) -> Fill:
    def fill(sheet: Worksheet) -> None:
        put(sheet, NUMBERS)
        for place, value in cells.items():
            sheet[place] = value

    return fill


def other_sheet(
    name: str, rows: list[list[object]] | list[list[str]], state: str = "visible", first: bool = True
) -> Fill:
    def fill(sheet: Worksheet) -> None:
        put(sheet, NUMBERS)
        other = put(sheet.parent.create_sheet(name, 0 if first else None), rows)
        other.sheet_state = state
        sheet.parent.active = sheet.parent.index(sheet)

    return fill


def without(at: int, place: int, value: object) -> Parts:
    part = list(X[at])
    part[place] = value
    return [*X[:at], tuple(part), *X[at + 1 :]]  # type: ignore[list-item]


FORMS: dict[str, tuple[Fill, Parts]] = {
    "as it is": (lambda s: put(s, NUMBERS), X),
    "numbers as text": (lambda s: put(s, B), X),
    "numbers with commas": (lambda s: put(s, [[float(c) if isinstance(c, int) else c for c in r] for r in NUMBERS]), X),
    "far down and right": (lambda s: put(s, NUMBERS, 7, 4), X),
    "below a merged title": (lambda s: (put(s, [["Gearbox"]]), s.merge_cells("A1:E1"), put(s, NUMBERS, 3)), X),
    "below merged groups": (
        lambda s: (put(s, [["Item", "", "Data"]]), s.merge_cells("A1:B1"), s.merge_cells("C1:E1"), put(s, NUMBERS, 2)),
        X,
    ),
    "a head over two rows": (
        lambda s: (put(s, [HEAD]), [s.merge_cells(f"{c}1:{c}2") for c in "ABCDE"], put(s, NUMBERS[1:], 3)),
        X,
    ),
    "a material for two": (merged("E2:E3"), without(1, 3, "Steel")),
    "a name for two": (merged("C2:C3"), without(1, 1, "Base plate")),
    "a quantity for two": (merged("D2:D3"), without(1, 2, None)),
    "a name over three columns": (
        merged(*(f"C{row}:E{row}" for row in range(1, 8)), rows=[[*row[:3], "", "", *row[3:]] for row in NUMBERS]),
        X,
    ),
    "a hidden column": (lambda s: (put(s, NUMBERS), setattr(s.column_dimensions["E"], "hidden", True)), X),
    "a hidden row": (lambda s: (put(s, NUMBERS), setattr(s.row_dimensions[3], "hidden", True)), X),
    "a hidden sheet": (other_sheet("old", [HEAD, ["1", "Z", "Z", "1", "Tin"]], "hidden"), X),
    "a very hidden sheet": (other_sheet("old", [HEAD, ["1", "Z", "Z", "1", "Tin"]], "veryHidden"), X),
    "a cover": (other_sheet("Cover", [["Gearbox 4711"], ["by", "me"]]), X),
    "the list twice": (other_sheet("copy", NUMBERS, first=False), X),
    "an empty sheet first": (other_sheet("empty", []), X),
    "a chart first": (lambda s: (put(s, NUMBERS), s.parent.create_chartsheet("chart", 0).add_chart(BarChart())), X),
    "a table of Excel": (lambda s: (put(s, B), s.add_table(Table(displayName="T", ref="A1:E7"))), X),
    "a protected sheet": (lambda s: (put(s, NUMBERS), s.protection.enable()), X),
    "300 empty rows": (lambda s: (put(s, NUMBERS[:4]), put(s, NUMBERS[4:], 300)), X),
    "a cell in the last row": (changed(A1048576="end"), X),
    "a cell in the last column": (changed(XFD3="end"), X),
    "a sheet called Prices": (lambda s: (setattr(s, "title", "Prices"), put(s, NUMBERS)), X),
    "a comment": (lambda s: (put(s, NUMBERS), setattr(s["C2"], "comment", Comment("hi", "me"))), X),
    "a truth": (changed(D2=True), without(0, 2, None)),
    "a day as quantity": (changed(D2=datetime.date(2024, 1, 2)), without(0, 2, None)),
    "a long number": (changed(B2=1234567890123456), without(0, 0, "1234567890123456")),
    "a letter of no width": (changed(C2="\u200bBase\ufeff plate"), X),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_workbook_in_any_form_is_read(name: str, tmp_path: Path) -> None:
    fill, parts = FORMS[name]
    assert read(book(fill), tmp_path) == parts


def book(fill: Fill) -> bytes:
    made, file = Workbook(), io.BytesIO()
    fill(made.active)
    made.save(file)
    return file.getvalue()


def read(content: bytes, folder: Path, name: str = "list.xlsx") -> Parts:
    (folder / name).write_bytes(content)
    return [
        (part.part_number, part.name, part.quantity, part.material_written) for part in read_list(folder / name).parts
    ]


def patched(content: bytes, old: str, new: str, member: str = SHEET) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(file, "w") as out:
        for name in archive.namelist():
            text = archive.read(name).decode()
            assert name != member or old in text
            out.writestr(name, text.replace(old, new) if name == member else text)
    return file.getvalue()


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ('<dimension ref="A1:E7"/>', "", X),
        ('<dimension ref="A1:E7"/>', '<dimension ref="A1:A1"/>', X),
        ('<dimension ref="A1:E7"/>', '<dimension ref="A1:XFD1048576"/>', X),
        ("<f>6*2</f><v></v>", "<f>6*2</f><v>12</v>", X),
        (' t="n"><f>6*2</f><v></v>', ' t="str"><f>""</f><v></v>', without(1, 2, None)),
        ("<f>6*2</f><v></v>", "<v>12</v>", X),
    ],
)
def test_what_a_sheet_says_otherwise(old: str, new: str, parts: Parts, tmp_path: Path) -> None:
    content = book(changed(D3="=6*2"))
    if "6*2" not in old:
        content = book(changed())
    elif " t=" in old:
        content, old = patched(content, '<c r="D3"><f>', '<c r="D3" t="n"><f>'), old
    assert read(patched(content, old, new), tmp_path) == parts


def test_formulas_that_nobody_computed_are_named_where_they_matter(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"has formulas without results \(C3, D3\)\. Open it"):
        read(book(changed(D3="=6*2", C3="=A1")), tmp_path)
    assert read(book(changed(H3="=6*2", D40="=SUM(D2:D7)")), tmp_path) == X


@pytest.mark.parametrize("suffix", [".xlsx", ".xls", ".ods"])
@pytest.mark.parametrize("title", [[], [["Gearbox"], []], [[""] * 5] * 3])
def test_workbooks_of_three_programs(suffix: str, title: list[list[object]], tmp_path: Path) -> None:
    for rows in (B, NUMBERS, [["", "", *row] for row in B], [row for pair in B for row in (pair, [""])]):
        made = Made({"List": [*title, *rows]}, set(), {}, suffix)  # type: ignore[list-item]
        for name in ("list" + suffix, "wrong.xlsx", "wrong.xls", "wrong.csv", "none"):
            assert read(made.save(tmp_path, "made").read_bytes(), tmp_path, name) == X


def test_what_is_broken_is_refused_in_a_line(tmp_path: Path) -> None:
    whole = book(changed())
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("list.csv", text_of(B))
    for content in (whole[: len(whole) // 2], whole[len(whole) // 2 :], b"\n" + whole, archive.getvalue()):
        with pytest.raises(UserError, match=r"cannot be read as a workbook|is no text and no workbook") as error:
            read(content, tmp_path)
        assert "\n" not in str(error.value)
    assert read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + whole, tmp_path) == X
    assert read(whole + b"\0" * 1000, tmp_path) == X
    assert read(text_of(B).encode(), tmp_path) == X
