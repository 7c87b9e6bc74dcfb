"""Part lists that attack or are broken: a line each, and never a long wait or much memory."""

from __future__ import annotations

import time
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from openpyxl import Workbook

from cad2real.errors import UserError
from render.part_lists.reader import read_list
from tests.peak_memory import printed_and_peak_mb

READ = """
import sys
from pathlib import Path
from cad2real.errors import UserError
from render.part_lists.reader import read_list
try:
    print(len(read_list(Path(sys.argv[1])).parts))
except UserError as error:
    print(error)
"""


def workbook(path: Path, old: bytes = b"", new: bytes = b"") -> Path:
    """A workbook with a small list at `path`; in the text of its sheet `old` becomes `new`."""
    book = Workbook()
    book.active.append(["Pos", "Part number", "Name", "Qty"])
    for number in range(1, 4):
        book.active.append([number, f"A-{number}", f"Plate {number}", 2])
    book.save(path)
    if old:
        with zipfile.ZipFile(path) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        name = "xl/worksheets/sheet1.xml"
        assert old in files[name]
        files[name] = files[name].replace(old, new)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
    return path


def refused(path: Path, words: str) -> None:
    started = time.process_time()
    with pytest.raises(UserError, match=words) as error:
        read_list(path)
    assert "\n" not in str(error.value)
    assert time.process_time() - started < 20


def test_a_workbook_is_read(tmp_path: Path) -> None:
    assert [part.part_id for part in read_list(workbook(tmp_path / "a.xlsx")).parts] == ["A-1", "A-2", "A-3"]


def test_rows_that_claim_any_number(tmp_path: Path) -> None:
    refused(workbook(tmp_path / "a.xlsx", b'r="2"', b'r="999999999"'), "rows beyond")
    refused(workbook(tmp_path / "b.xlsx", b'r="A2"', b"r = 'A999999999'"), "rows beyond")


def test_cells_far_away(tmp_path: Path) -> None:
    refused(workbook(tmp_path / "a.xlsx", b'r="D4"', b'r="XFD1048576"'), "more than 20,000,000 cells")
    refused(workbook(tmp_path / "b.xlsx", b'r="D4"', b'r="ZZZZZZZZZ4"'), "more than 20,000,000 cells")


def test_a_zip_bomb(tmp_path: Path) -> None:
    workbook(tmp_path / "a.xlsx", b"</worksheet>", b" " * 250_000_000 + b"</worksheet>")
    assert (tmp_path / "a.xlsx").stat().st_size < 1_000_000
    refused(tmp_path / "a.xlsx", "unpacks to more than 200 MB")


@pytest.mark.parametrize(("rows", "columns"), [(1_000_000, 16_000), (10_000, 1_600)])
def test_a_bomb_of_repeated_cells_is_lost_alone(
    tmp_path: Path, rows: int, columns: int, capfd: pytest.CaptureFixture[str]
) -> None:
    """The first is more than calamine takes; the second is not, and ends the process that reads it, with a backtrace
    that nobody is shown.
    """
    names = "office table text"
    spaces = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in names.split())
    kind = f'table:number-columns-repeated="{columns}" office:value-type="string"'
    cell = f"<table:table-cell {kind}><text:p>x</text:p></table:table-cell>"
    row = f'<table:table-row table:number-rows-repeated="{rows}">{cell}</table:table-row>'
    table = f'<table:table table:name="x">{row}</table:table>'
    body = f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body>"
    with zipfile.ZipFile(tmp_path / "a.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", f"<office:document-content {spaces}>{body}</office:document-content>")
    refused(tmp_path / "a.ods", "cannot be read as a workbook")
    assert capfd.readouterr().err == ""
    printed, megabytes = printed_and_peak_mb(READ, tmp_path / "a.ods")
    assert "cannot be read as a workbook" in printed and "\n" not in printed
    assert megabytes < 2200, "the process that reads it has 2 GiB"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "cannot be read as a workbook"),
        ("a.xlsx", b"PK\x03\x04" + b"x" * 100, "cannot be read as a workbook"),
        ("a.csv", bytes(range(256)) * 20, "is no text"),
        ("a.csv", b"", "no table of parts"),
        ("a.csv", b"\xff\xfe", "no table of parts"),
        ("a.csv", b"hello\nworld\n", "no table of parts"),
        ("a.csv", b"Name,Qty\n", "no table of parts"),
    ],
)
def test_what_is_no_list(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    refused(tmp_path / name, words)


def test_a_truncated_workbook(tmp_path: Path) -> None:
    whole = workbook(tmp_path / "a.xlsx").read_bytes()
    for share in (0.3, 0.6, 0.95):
        (tmp_path / "cut.xlsx").write_bytes(whole[: int(len(whole) * share)])
        refused(tmp_path / "cut.xlsx", "cannot be read as a workbook")


def test_entities_are_not_followed(tmp_path: Path) -> None:
    declared = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><worksheet'
    path = workbook(tmp_path / "a.xlsx", b"<worksheet", declared)
    with suppress(UserError):
        assert not any("root:" in part.name for part in read_list(path).parts)


def test_long_and_odd_cells_are_their_own_rows_fault(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    cells = [
        "x" * 300_000,
        "\x1b[2J",
        "..",
        "CON",
        "/etc/passwd",
        "a" * 90 + "?",
        "\u202egnp.exe",
        "﷽" * 50,
        "-",
        "#REF!",
    ]
    lines = [f'{number},"{cell}",Plate {number},1' for number, cell in enumerate(cells, 1)]
    path.write_text("Pos,Part number,Name,Qty\n" + "\n".join(lines) + "\n")
    from render.part_lists.ids import part_id_fault

    read = read_list(path)
    assert len(read.parts) == len(cells)
    assert not [part.part_id for part in read.parts if part_id_fault(part.part_id)]
    assert len({part.part_id.lower() for part in read.parts}) == len(cells)


def test_many_rows_of_one_word_and_of_commas(tmp_path: Path) -> None:
    started = time.process_time()
    (tmp_path / "a.csv").write_text("," * 200 + "\n" + ("," * 200 + "\n") * 5000)
    with pytest.raises(UserError):
        read_list(tmp_path / "a.csv")
    (tmp_path / "b.csv").write_text("Name,Qty\n" + "Name,Qty\n" * 20_000 + "Bolt,2\n")
    assert [part.name for part in read_list(tmp_path / "b.csv").parts] == ["Bolt"]
    assert time.process_time() - started < 60


def test_columns_without_end(tmp_path: Path) -> None:
    """340 kB of text took 21 GB: of a workbook, 256 columns are looked at, and of a text too."""
    (tmp_path / "a.csv").write_text(",".join(f"c{number}" for number in range(50_000)) + "\n" + "," * 49_999 + "\n")
    printed, megabytes = printed_and_peak_mb(READ, tmp_path / "a.csv")
    assert "no table of parts" in printed
    assert megabytes < 500


def test_an_ods_says_how_often_its_end_is_repeated(tmp_path: Path) -> None:
    names = "office table text"
    spaces = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in names.split())

    def row(*cells: str) -> str:
        made = "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in cells
        )
        return f'<table:table-row>{made}<table:table-cell table:number-columns-repeated="16380"/></table:table-row>'

    end = '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    end = f'<table:table-row table:number-rows-repeated="1048570">{end}'
    table = f'<table:table table:name="x">{row("Name", "Qty")}{row("Bolt", "2")}{end}</table:table>'
    body = f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body>"
    with zipfile.ZipFile(tmp_path / "a.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", f"<office:document-content {spaces}>{body}</office:document-content>")
    assert [part.name for part in read_list(tmp_path / "a.ods").parts] == ["Bolt"]


def test_rows_that_a_filter_hides_are_no_parts_and_folded_ones_are(tmp_path: Path) -> None:
    book = Workbook()
    book.create_sheet("Cover", 0)
    sheet = book["Sheet"]
    for cells in (["Part number", "Name", "Qty"], ["A-1", "Plate", 1], ["A-2", "Rod", 2], ["A-3", "Lid", 1]):
        sheet.append(cells)
    sheet.row_dimensions[3].hidden = True
    sheet.row_dimensions[4].hidden = True
    sheet.row_dimensions[4].outlineLevel = 1
    book.save(tmp_path / "folded.xlsx")
    assert [part.part_id for part in read_list(tmp_path / "folded.xlsx").parts] == ["A-1", "A-2", "A-3"]
    sheet.auto_filter.ref = "A1:C4"
    sheet.auto_filter.add_filter_column(0, ["A-1"])
    book.save(tmp_path / "filtered.xlsx")
    read = read_list(tmp_path / "filtered.xlsx")
    assert [part.part_id for part in read.parts] == ["A-1", "A-3"]
    assert [(item.row, item.why) for item in read.not_parts] == [(3, "hidden by the sheet's filter")]
