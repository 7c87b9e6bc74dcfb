"""Files of strangers as text, tables, JSON values and XML trees, within limits and without executing anything."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cad2real.errors import UserError
from cad2real.files import parse_json

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_BYTES = 300_000_000
MAX_CELL = 10_000_000  # characters: polygons and masks stand in cells


@dataclass(frozen=True)
class Content:
    """A file's content in the one form that it has: `value` of JSON, `root` of XML, or the `text` of anything else."""

    path: Path
    text: str
    value: Any = None
    root: Element | None = None


def read_content(path: Path) -> Content:
    """Raises UserError for a file that is missing, too large, no text, or JSON or XML that cannot be read."""
    text = _text(path)
    start = text.lstrip()[:1]
    if start in ("{", "["):
        try:
            return Content(path, "", value=parse_json(text))
        except ValueError as error:
            raise UserError(f"{path} is no complete JSON ({error}).", "Export it again.") from None
    if start == "<":
        return Content(path, "", root=_xml(path, text))
    return Content(path, text)


def columns(content: Content) -> set[str]:
    """The column names of a text, if it is a csv."""
    lines = content.text[:100_000].splitlines()[:1]
    try:
        return set(table(Content(content.path, "".join(lines)))[0])
    except UserError:
        return set()


def table(content: Content) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """The column names of a csv, stripped, and its rows with their line numbers; missing cells are empty. Comma, tab or
    semicolon, told by the first line. Raises UserError.
    """
    lines = io.StringIO(content.text, newline=None)  # all kinds of line ends
    header = lines.readline()
    lines.seek(0)
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(lines, delimiter=delimiter)
    limit = csv.field_size_limit(MAX_CELL)
    try:
        names = [name.strip() for name in next(reader, [])]
        rows = [
            (reader.line_num, dict(zip(names, [cell.strip() for cell in [*row, *[""] * len(names)]], strict=False)))
            for row in reader
            if any(cell.strip() for cell in row)
        ]
    except csv.Error as error:
        raise UserError(f"{content.path} row {reader.line_num}: {error}.", "Save it as a plain csv.") from None
    finally:
        csv.field_size_limit(limit)
    return names, rows


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            size = f"{MAX_BYTES // 1_000_000} MB"
            raise UserError(f"{path} is larger than {size}.", "Divide it, or leave pictures out of it.")
        if not path.is_file():  # a pipe would be waited for
            raise UserError(f"{path} is no file.", "Name a file of boxes.")
        content = path.read_bytes()
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            return content.decode("utf-16")
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            return content.decode("cp1252")  # as spreadsheets on Windows save csv
    except FileNotFoundError:
        raise UserError(f"{path}: no such box file.", "Correct the path, or leave it out if there are none.") from None
    except UnicodeDecodeError:
        raise UserError(f"{path} cannot be read: it is no text.", "Name a file of boxes, saved as UTF-8.") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.", "Check its rights.") from None


def _xml(path: Path, text: str) -> Element:
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    # A declared encoding speaks of the bytes, which are text by now.
    body = text.lstrip()
    if body.startswith("<?xml"):
        body = body.partition("?>")[2]
    try:
        root: Element = fromstring(body, forbid_dtd=False)
    except DefusedXmlException:
        raise UserError(
            f"{path} declares entities, which are refused: they can stand for other files or fill the memory.",
            "Export it again without them.",
        ) from None
    except (ParseError, ValueError, RecursionError) as error:
        raise UserError(f"{path} is no complete XML ({error}).", "Export it again.") from None
    return root
