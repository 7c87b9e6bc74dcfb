"""What was made of a part list, for people and for programs: every sheet, column and row with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from render.part_lists.parts import ListedPart
from render.part_lists.reader import PartList
from render.part_lists.tables import Table

SHOWN = 40
"""Rows of a kind that are printed; the JSON file has all."""


def as_json(read: PartList) -> dict[str, Any]:
    """`read` as plain values: sheets, columns, parts, not_parts, unknown_words; see docs/reference/formats.md."""
    return {
        "sheets": [_sheet(read, number) for number in range(len(read.sheets))],
        "columns": [column for table in read.tables for column in _columns(table)],
        "parts": [_part(part) for part in read.parts],
        "not_parts": [
            {"sheet": item.sheet, "row": item.row, "text": item.text, "why": item.why} for item in read.not_parts
        ],
        "unknown_words": read.unknown_words,
    }


def lines(read: PartList) -> Iterator[str]:
    """`read` in words, a line each."""
    for sheet in as_json(read)["sheets"]:
        name = f"sheet {sheet['sheet']!r}" if sheet["sheet"] else "the file"
        for table in sheet["tables"]:
            header = f"header in row {table['header_row']}" if table["header_row"] else "no header"
            yield (
                f"{name}: {header}, rows {table['first_row']} to {table['last_row']}, {table['parts']} part row(s), "
                f"{table['sure']:.0%} sure"
            )
        if not sheet["tables"]:
            yield f"{name}: left out, {sheet['why']}"
        elif sheet["note"]:
            yield f"  read as {sheet['note']}"
    for table in read.tables:
        yield ""
        where = f" of sheet {table.sheet.name!r}" if table.sheet.name else ""
        yield f"columns{where}:"
        for column in table.columns:
            role = f"{column.role} ({column.sure:.0%} sure)" if column.role else "not used"
            yield f"  {column.letter:>3} {column.header or '(no header)'!r}: {role}; {column.why}"
    yield ""
    yield f"{len(read.parts)} part(s)" + (f"; assemblies by {read.tree}" if read.tree else "")
    yield from _shown([_part_line(part) for part in read.parts])
    yield ""
    yield f"{len(read.not_parts)} other row(s)"
    yield from _shown([f"row {item.row} ({item.text}): {item.why}" for item in read.not_parts])
    if read.unknown_words:
        yield ""
        yield f"words for materials that fit no rule: {', '.join(map(repr, read.unknown_words))}"


def _shown(all_lines: list[str]) -> Iterator[str]:
    yield from (f"  {line}" for line in all_lines[:SHOWN])
    if len(all_lines) > SHOWN:
        yield f"  ... and {len(all_lines) - SHOWN} more (all of them: --json FILE)"


def _part_line(part: ListedPart) -> str:
    amount = f"{part.quantity:g}x" if part.quantity is not None else part.quantity_written or "?x"
    made = " ".join(filter(None, (part.guess.material, part.guess.surface, part.guess.color))) or "no material"
    children = f" made of {len(part.children)} part(s)" if part.children else ""
    why = f": {'; '.join(part.why)}" if part.why else ""
    no_class = f" [no class: {part.no_class}]" if part.no_class else ""
    return f"row {part.row} {part.part_id} ({part.label}), {amount}, {made}{children}{no_class}{why}"


def _sheet(read: PartList, number: int) -> dict[str, Any]:
    sheet = read.sheets[number]
    tables = [table for table in read.tables if table.sheet is sheet]
    return {
        "sheet": sheet.name,
        "index": number,
        "used": bool(tables),
        "header_row": tables[0].head.first + 1 if tables and tables[0].head.first >= 0 else None,
        "tables": [_table(read, table) for table in tables],
        "note": sheet.note,
        "why": read.left_out.get(sheet.name, "it has a table of parts" if tables else "no table in it is one of parts"),
    }


def _table(read: PartList, table: Table) -> dict[str, Any]:
    numbers = range(table.start + 1, table.end + 1)
    rows = [row for part in read.parts if part.sheet == table.sheet.name for row in part.rows if row in numbers]
    sures = [column.sure for column in table.columns if column.role]
    return {
        "header_row": table.head.first + 1 if table.head.first >= 0 else None,
        "last_header_row": table.head.last + 1 if table.head.first >= 0 else None,
        "first_row": min(rows, default=table.start + 1),
        "last_row": max(rows, default=table.end),
        "parts": len(rows),
        "sure": round(sum(sures) / len(sures), 2) if sures else 0.0,
    }


def _columns(table: Table) -> Iterator[dict[str, Any]]:
    for column in table.columns:
        yield {
            "sheet": table.sheet.name,
            "header_row": table.head.first + 1 if table.head.first >= 0 else None,
            "column": column.letter,
            "index": column.index,
            "header": column.header,
            "role": column.role,
            "why": column.why,
            "sure": column.sure,
        }


def _part(part: ListedPart) -> dict[str, Any]:
    return {
        "part_id": part.part_id,
        "part_number": part.part_number,
        "name": part.name,
        "quantity": part.quantity,
        "position": part.position,
        "material": part.guess.material,
        "surface": part.guess.surface,
        "color": part.guess.color,
        "row": part.row,
        "why": "; ".join(part.why),
        "quantity_written": part.quantity_written,
        "unit": part.unit,
        "material_written": part.material_written,
        "rule": part.guess.rule,
        "sheet": part.sheet,
        "rows": part.rows,
        "section": part.section,
        "places": [{"position": one.position, "within": list(one.within)} for one in part.places],
        "parent": part.parent,
        "children": part.children,
        "standard": part.standard,
        "file": part.file,
        "bought": bool(part.bought),
        "spare": part.spare,
        "wear": part.wear,
        "no_class": part.no_class,
    }
