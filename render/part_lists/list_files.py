"""The file of a part list to its sheets, whatever it is called: text or workbook, within the limits of both."""

from __future__ import annotations

from pathlib import Path

from cad2real.errors import UserError
from render.part_lists.delimited import IsHead, read_rows
from render.part_lists.encodings import decode
from render.part_lists.headers import HeaderWords
from render.part_lists.words import visible
from render.part_lists.workbooks import Sheet, read_workbook

FORMATS = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".ods")
MAX_LIST_BYTES = 50_000_000
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
OTHER_FORMATS = {
    "<": "a web page or XML", "{": "JSON", "[{": "JSON", "[[": "JSON", "{\\rtf": "RTF", "%PDF": "a PDF", "ID;P": "SYLK",
    "TABLE\n0,1": "DIF", "TABLE\r\n0,1": "DIF",
}  # fmt: skip
"""Texts that are no tables, by how they begin; some programs give them the suffix of a workbook."""


def read_sheets(path: Path, headers: HeaderWords, is_head: IsHead | None = None) -> list[Sheet]:
    """The sheets of `path`, one for a text file; told by what it holds, not by its name. A row that `is_head` tells how
    a text separates its cells. Raises UserError.
    """
    if not path.is_file():
        raise UserError(
            f"{path} is a folder, not a part list." if path.is_dir() else f"{path} does not exist.",
            "Set catalogue.parts in params.yaml, or name another part list with --parts.",
        )
    if path.stat().st_size > MAX_LIST_BYTES:
        raise UserError(f"{path} is larger than {MAX_LIST_BYTES // 1_000_000} MB.", "Is it really a part list?")
    raw = path.read_bytes()
    if raw.startswith((_ZIP, _OLE)):
        return read_workbook(path)
    try:
        text, encoding = decode(raw, headers)
    except ValueError:
        raise UserError(
            f"{path} is no text and no workbook.", f"Save the part list as one of {', '.join(FORMATS)}."
        ) from None
    text = visible(text)
    begins = [start for start in OTHER_FORMATS if text.lstrip().startswith(start)]
    if begins:
        raise UserError(
            f"{path} is no table but {OTHER_FORMATS[max(begins, key=len)]}.",
            "Open it in a spreadsheet program and save it as .xlsx, or as CSV (UTF-8).",
        )
    rows, dialect = read_rows(text, is_head)
    return [Sheet("", rows, note=f"{encoding}, {dialect}")]
