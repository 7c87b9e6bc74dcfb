"""Part lists of strangers: one line for each row that cannot be used, never a traceback and never a long wait."""

from __future__ import annotations

import time
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from cad2real.errors import UserError
from render.parts.part_list import part_id_fault, read_part_list


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.stl").write_bytes(b"solid")
    return tmp_path


def written(folder: Path, text: str) -> Path:
    path = folder / "parts.csv"
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_all_line_ends_are_read(folder: Path, end: str) -> None:
    rows, skipped = read_part_list(written(folder, end.join(["part_id,file", "one,a.stl", "two,a.stl", ""])), "mm")
    assert [row.part_id for row in rows] == ["one", "two"]
    assert not skipped


@pytest.mark.parametrize("column", ["part_id", "file", "name", "label"])
def test_an_endless_cell_is_one_bad_row(folder: Path, column: str) -> None:
    cells = {"part_id": "long", "file": "a.stl", "name": "", "label": ""} | {column: "x" * 200_000}
    lines = [",".join(cells), ",".join(cells.values()), "good,a.stl,,"]
    rows, (fault,) = read_part_list(written(folder, "\n".join(lines)), "mm")
    assert [row.part_id for row in rows] == ["good"]
    assert "characters" in fault.reason
    assert len(fault.reason) < 300


@pytest.mark.parametrize(
    "part_id",
    ["renders.json", "Renders.JSON", "CON", "nul", "nul.step", "com1", "LPT9.x", "a.", "a..", "x" * 101, "a\nb", ""],
)
def test_ids_that_cannot_name_a_folder_everywhere_are_refused(folder: Path, part_id: str) -> None:
    assert part_id_fault(part_id)
    if part_id:
        rows, skipped = read_part_list(written(folder, f'part_id,file\n"{part_id}",a.stl\ngood,a.stl\n'), "mm")
        assert [row.part_id for row in rows] == ["good"]
        assert len(skipped) == 1


@pytest.mark.parametrize("part_id", ["a", "M8x40", "hex_bolt-8.8+zn", "console", "nullring", "com10", "1.5"])
def test_usual_ids_are_fine(part_id: str) -> None:
    assert not part_id_fault(part_id)


def test_a_label_with_control_characters_is_refused(folder: Path) -> None:
    rows, skipped = read_part_list(
        written(folder, "part_id,file,label\none,a.stl,\x1b[2J\ntwo,a.stl,Ölfilter 1\n"), "mm"
    )
    assert [row.part_id for row in rows] == ["two"]
    assert "control" in skipped[0].reason


def sheet(path: Path, old: bytes, new: bytes) -> None:
    """Makes a workbook of two rows at `path` and changes the text of its sheet."""
    book = Workbook()
    book.active.append(["part_id", "file"])
    book.active.append(["one", "a.stl"])
    book.save(path)
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    assert old in files[name]
    files[name] = files[name].replace(old, new)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def test_a_row_that_claims_any_number_is_no_wait(folder: Path) -> None:
    sheet(folder / "parts.xlsx", b'r="2"', b'r="999999999"')
    started = time.process_time()
    with pytest.raises(UserError, match="rows beyond"):
        read_part_list(folder / "parts.xlsx", "mm")
    assert time.process_time() - started < 20


def test_cells_far_to_the_right_are_no_wait(folder: Path) -> None:
    row = b'<row r="%d"><c r="XFD%d" t="inlineStr"><is><t>x</t></is></c></row>'
    rows = [row % (number, number) for number in range(3, 5000)]
    started = time.process_time()
    sheet(folder / "parts.xlsx", b"</sheetData>", b"".join(rows[:100]) + b"</sheetData>")
    found, _ = read_part_list(folder / "parts.xlsx", "mm")
    assert [one.part_id for one in found] == ["one"]
    sheet(folder / "parts.xlsx", b"</sheetData>", b"".join(rows) + b"</sheetData>")
    with pytest.raises(UserError, match="more than 20,000,000 cells"):
        read_part_list(folder / "parts.xlsx", "mm")
    assert time.process_time() - started < 20


@pytest.mark.parametrize("target", ["/gone/away.stl", "gone.stl", "dead.stl"])
def test_cad_behind_a_link_that_leads_nowhere_is_that_parts_failure(folder: Path, target: str) -> None:
    (folder / "dead.stl").symlink_to(target)
    rows, skipped = read_part_list(written(folder, "part_id,file\none,a.stl\ntwo,dead.stl\n"), "mm")
    assert [row.part_id for row in rows] == ["one"]
    assert [fault.thing for fault in skipped] == ["two"]
    assert f"is a link that leads nowhere ({target})" in skipped[0].reason
