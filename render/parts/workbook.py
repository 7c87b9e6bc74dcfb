"""Reads the first sheet of an Excel workbook (.xlsx) as rows of text, with the row numbers that Excel shows."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

from cad2real.errors import UserError
from render.part_lists.workbook_limits import MAX_COLUMNS, check_row, check_unpacked


def read_sheet(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows of the first sheet with their numbers, empty rows left out; a formula counts as its last result.

    Raises UserError when `path` is no workbook or too large.
    """
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(path) as archive:
            check_unpacked(path, archive)
        workbook = load_workbook(path, read_only=True, data_only=True)
        try:
            sheet = workbook.worksheets[0]
            sheet.reset_dimensions()  # what the file says of its size may be wrong
            for number, row in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True), start=1):
                check_row(path, number)
                values = [_text(value) for value in row]
                if any(values):
                    yield number, values
        finally:
            workbook.close()
    except UserError:
        raise
    except Exception as error:  # a damaged workbook fails in many ways
        raise UserError(
            f"{path} cannot be read as an Excel workbook ({type(error).__name__}).",
            "Save it again as .xlsx without a password, or as CSV (UTF-8).",
        ) from None


def _text(value: object) -> str:
    """A cell as people see it: 1001, not 1001.0."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
