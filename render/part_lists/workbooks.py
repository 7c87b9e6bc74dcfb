"""Workbooks (.xlsx, .xls, .ods) to sheets, by python-calamine in a process that may be lost.

A small file may claim any number of cells, or unpack to anything: sizes are checked before it is opened, and what is
left ends the process that reads it, not this one.
"""

from __future__ import annotations

import datetime
import html
import io
import json
import re
import zipfile
from collections.abc import Callable, Container, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cad2real.errors import UserError
from cad2real.files import parse_json
from cad2real.guarded_process import GivenUpError, GuardedProcess, Limits
from render.part_lists.words import visible
from render.part_lists.workbook_limits import MAX_COLUMNS, MAX_ROWS, check_row, check_unpacked

MAX_CELLS = 20_000_000
"""Rows times columns of a sheet: it is held whole, empty cells as well."""
MAX_SHEETS = 60
LIMITS = Limits(cpu_s=120, wall_s=300.0, memory=2 * 1024**3)
REASONS = {
    "memory": "it takes too much memory",
    "computing": "it takes too long",
    "crash": "its reader crashed: it is damaged, or takes too much memory",
}

_ROW = re.compile(rb"<(?:\w+:)?row\b[^>]{0,2000}>")
_NUMBER = re.compile(rb"""\br\s*=\s*["'](\d{1,18})["']""")
_CELL = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{1,40})(\d{1,18})["']""")
_HIDDEN = re.compile(rb"""\bhidden\s*=\s*["'](?:1|true)["']""")
_FILTERED = re.compile(rb"<(?:\w+:)?filterColumn\b")
_NO_RESULT = re.compile(
    rb"<(?:\w+:)?c\b(?![^>]*\bt=[\"']str)[^>]*\br\s*=\s*[\"']([A-Z]{1,3})(\d{1,7})[\"'][^>]*>\s*"
    rb"<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</"
)
"""A formula whose result is not in the file: a program wrote it, and no spreadsheet has opened and saved it since."""
_ATTRIBUTE = re.compile(r"""([\w:]+)\s*=\s*["']([^"']*)["']""")
_REPEATED = re.compile(rb"""number-(rows|columns)-repeated\s*=\s*["'](\d{1,18})["']""")


@dataclass
class Sheet:
    """One sheet: `rows` are its cells as text from row 1 on, empty rows as empty lists; `filtered` the numbers of rows
    that a filter hides; `merged` ranges as (first row, first column, last row, last column) from 0; `no_result` the
    places (row, column) from 0 of formulas whose result the file does not have.
    """

    name: str
    rows: list[list[str]]
    visible: bool = True
    filtered: set[int] = field(default_factory=set)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    no_result: list[tuple[int, int]] = field(default_factory=list)
    note: str = ""


def read_workbook(path: Path) -> list[Sheet]:
    """The sheets of the workbook `path` in their order. Raises UserError when it is none, damaged or too large."""
    said = _check_archive(path) if zipfile.is_zipfile(path) else {}
    answer = _read_apart(path)
    if isinstance(answer, str):
        raise UserError(
            f"{path} cannot be read as a workbook ({answer}).",
            "Save it again as .xlsx without a password, or as CSV (UTF-8).",
        )
    for sheet in answer:
        sheet.filtered, sheet.no_result = said.get(sheet.name, (set(), []))
    return answer


def _check_archive(path: Path) -> dict[str, tuple[set[int], list[tuple[int, int]]]]:
    """Refuses an archive that unpacks to too much or has cells beyond the limits. Returns for sheets of .xlsx, by their
    names, the rows that a filter hides and the places of formulas without a result.
    """
    said: dict[str, tuple[set[int], list[tuple[int, int]]]] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            check_unpacked(path, archive)
            members = archive.infolist()
            names = _sheet_names(archive)
            for member in members:
                if not member.filename.lower().endswith(".xml"):
                    continue
                xml = archive.read(member)
                if b"sheetData" in xml:
                    rows = _check_sheet(path, xml)
                    places = [(int(row) - 1, _column(letters) - 1) for letters, row in _NO_RESULT.findall(xml)]
                    said[names.get(member.filename.lstrip("/"), "")] = rows, places
                elif member.filename == "content.xml":
                    _check_repeats(path, xml)
    except UserError:
        raise
    except Exception as error:  # a damaged archive fails in many ways
        raise UserError(
            f"{path} cannot be read as a workbook ({type(error).__name__}).",
            "Save it again as .xlsx without a password, or as CSV (UTF-8).",
        ) from None
    return said


def _sheet_names(archive: zipfile.ZipFile) -> dict[str, str]:
    """The names of an .xlsx file's sheets by the member of the archive that holds each."""
    try:
        book = archive.read("xl/workbook.xml").decode("utf-8", "replace")
        links = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    except KeyError:
        return {}
    targets = {}
    for tag in re.findall(r"<Relationship\b[^>]*>", links):
        said = dict(_ATTRIBUTE.findall(tag))
        target = said.get("Target", "").lstrip("/")
        targets[said.get("Id", "")] = target if target.startswith("xl/") else f"xl/{target}"
    sheets = [dict(_ATTRIBUTE.findall(tag)) for tag in re.findall(r"<(?:\w+:)?sheet\b[^>]*>", book)]
    return {targets.get(said.get("r:id", ""), ""): html.unescape(said.get("name", "")) for said in sheets}


def _check_sheet(path: Path, xml: bytes) -> set[int]:
    """The rows of a sheet that a filter hides. Raises UserError for cells beyond the limits."""
    last = max((int(number) for number in _NUMBER.findall(xml)), default=0)
    cells = _CELL.findall(xml)
    last = max(last, max((int(row) for _, row in cells), default=0))
    check_row(path, last)
    right = max((_column(letters) for letters in {letters for letters, _ in cells}), default=0)
    _check_cells(path, last, right)
    if not _FILTERED.search(xml):
        return set()
    rows = [row for row in _ROW.findall(xml) if _HIDDEN.search(row) and b"outlineLevel" not in row]
    return {int(number[1]) for row in rows if (number := _NUMBER.search(row))}


def _check_repeats(path: Path, xml: bytes) -> None:
    """An .ods sheet says how often a row or a cell is repeated. Its last rows and columns are, up to the sheet's end;
    what is repeated beyond is refused.
    """
    repeats = [(kind, int(number)) for kind, number in _REPEATED.findall(xml)]
    if any(number > (MAX_ROWS if kind == b"rows" else 16_384) for kind, number in repeats):
        raise UserError(f"{path} has rows beyond {MAX_ROWS:,}.", "Save it again, or as .xlsx.")


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _check_cells(path: Path, rows: int, columns: int) -> None:
    if rows * columns > MAX_CELLS:
        raise UserError(
            f"{path} has a sheet of {rows:,} rows and {columns:,} columns, more than {MAX_CELLS:,} cells.",
            "Delete what stands far below or to the right of the list.",
        )


def _read_apart(path: Path) -> list[Sheet] | str:
    """The sheets of `path`, read by a process of its own, or why they cannot be read."""
    process: GuardedProcess[Path] = GuardedProcess("reads workbooks", prepare, LIMITS)
    try:
        answer = parse_json(process.ask(path))
    except GivenUpError as error:
        return f"it was not read after {LIMITS.wall_s:.0f} s" if error.reason == "time" else REASONS[error.reason]
    finally:
        process.close()
    if isinstance(answer, str):
        return answer
    return [
        Sheet(name, rows, visible, merged=[(top, left, bottom, right) for top, left, bottom, right in merged])
        for name, rows, visible, merged in answer
    ]


def prepare() -> Callable[[Path], Iterator[bytes]]:
    """The work of the process, with its library loaded."""
    import python_calamine  # noqa: F401

    return _answers


def _answers(path: Path) -> Iterator[bytes]:
    try:
        answer: object = [(sheet.name, sheet.rows, sheet.visible, sheet.merged) for sheet in _sheets(path)]
    except MemoryError:
        raise
    except Exception as error:  # a damaged workbook fails in many ways
        answer = type(error).__name__
    yield json.dumps(answer).encode()


def _sheets(path: Path) -> list[Sheet]:
    import python_calamine as calamine

    book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))  # by what it holds, not by its name
    sheets = []
    for said in book.sheets_metadata[:MAX_SHEETS]:
        if said.typ != calamine.SheetTypeEnum.WorkSheet:
            continue
        sheet = book.get_sheet_by_name(said.name)
        merged: list[Any] = []
        with suppress(Exception):  # not every format says what is merged
            merged = sheet.merged_cell_ranges or []
        rows = []
        for row in sheet.to_python(skip_empty_area=False):  # from A1 on, so that places are those of the sheet
            cells = [_text(value) for value in row[:MAX_COLUMNS]]
            while cells and not cells[-1].strip():
                cells.pop()
            rows.append(cells)
        while rows and not rows[-1]:
            rows.pop()
        ranges = [(*first, *last) for first, last in merged]
        sheets.append(Sheet(said.name, rows, said.visible == calamine.SheetVisibleEnum.Visible, merged=ranges))
    return sheets


def _text(value: object) -> str:
    """A cell as people see it: 1001, not 1001.0; 0.3, not 0.30000000000000004."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e20 else f"{value:.12g}"
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    return "" if value is None else str(value)


def merged_down(sheet: Sheet, start: int, columns: Container[int] | None = None) -> list[list[str]]:
    """The rows of `sheet`; from row `start` (from 0) on, below the head, with what is merged over several rows of
    `columns` (None: all) in each of these: a file has its text in the first one alone.
    """
    rows = sheet.rows
    for top, left, bottom, _ in sheet.merged:
        if (
            bottom == top
            or not start <= top < len(rows)
            or left >= len(rows[top])
            or (columns is not None and left not in columns)
        ):
            continue
        if rows is sheet.rows:
            rows = list(rows)
        for at in range(top + 1, min(bottom + 1, len(rows))):
            row = [*rows[at], *[""] * (left + 1 - len(rows[at]))]
            row[left] = row[left] or rows[top][left]
            rows[at] = row
    return rows
