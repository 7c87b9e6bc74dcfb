"""Finds the table of a simple part list in any file that a list may be: the row that names part_id and file, and the
rows below it, whatever separates its cells and whatever its encoding is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cad2real.errors import UserError
from render.part_lists.delimited import HEAD_ROWS
from render.part_lists.headers import HeaderWords
from render.part_lists.list_files import read_sheets
from render.part_lists.workbooks import Sheet, merged_down

REQUIRED = ("part_id", "file")
OPTIONAL = ("label", "name", "units", "material", "surface", "color", "bodies")
OWN = {"label", "units", "bodies"}
"""Columns that only a simple list has."""
ALSO = {"colour": "color", "unit": "units"}
_NO_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class SimpleTable:
    """`names` of the columns in lower case, with underscores for blanks and dashes; `rows` with their numbers."""

    names: list[str]
    rows: list[tuple[int, list[str]]]


def find_table(path: Path) -> SimpleTable | None:
    """The table of the simple list at `path`, of several sheets the first that has one with rows; None where no row
    names its columns. Raises UserError for what cannot be opened, and for a column that is there twice.
    """
    empty: SimpleTable | None = None
    sheets = read_sheets(path, HeaderWords({}), is_head)
    for sheet in sorted(sheets, key=lambda sheet: not sheet.visible):
        table = _table(path, sheet)
        if table is not None and table.rows:
            return table
        empty = empty or table
    return empty


def _table(path: Path, sheet: Sheet) -> SimpleTable | None:
    for at, row in enumerate(sheet.rows[:HEAD_ROWS]):
        if is_head(row):
            names = _names(row)
            _check(path, names, [place for place in sheet.no_result if place[0] > at])
            body = enumerate(merged_down(sheet, at + 1)[at + 1 :], at + 2)
            cells = ((number, [cell.strip() for cell in row]) for number, row in body)
            return SimpleTable(names, [(number, row) for number, row in cells if any(row)])
    return None


def first_row(path: Path) -> list[str]:
    """The cells of the first row of `path` that has some, in lower case. Raises UserError."""
    rows = (row for sheet in read_sheets(path, HeaderWords({})) for row in sheet.rows if any(map(str.strip, row)))
    return [cell.strip().lower() for cell in next(rows, [])]


def is_head(row: Sequence[str]) -> bool:
    """Whether `row` names the columns of a simple list: part_id and file as they stand, or in a person's spelling
    beside a column that only such lists have.

    >>> is_head(["part_id", "file"]), is_head(["Part ID", "File", "Label"]), is_head(["Part ID", "File", "Qty"])
    (True, True, False)
    """
    exact = {cell.strip().lower() for cell in row}
    names = {*_names(row)}
    return {*REQUIRED} <= exact or ({*REQUIRED} <= names and bool(OWN & names))


def _names(row: Sequence[str]) -> list[str]:
    names = [_NO_WORD.sub("_", cell.strip().lower()).strip("_") for cell in row]
    return [ALSO[name] if name in ALSO and ALSO[name] not in names else name for name in names]


def _check(path: Path, names: list[str], no_result: Sequence[tuple[int, int]]) -> None:
    for name in (*REQUIRED, *OPTIONAL):
        if names.count(name) > 1:
            raise UserError(f"{path} has more than one column {name}.", "Rename all but one of them.")
    if any(column < len(names) and names[column] in {*REQUIRED, *OPTIONAL} for _, column in no_result):
        raise UserError(
            f"{path} has formulas without results.",
            "Open it in a spreadsheet program, which computes them, and save it.",
        )
