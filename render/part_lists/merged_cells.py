"""Cells of a workbook that are merged over several rows: their text stands in the first one, and is meant for all."""

from __future__ import annotations

from collections.abc import Container

from render.part_lists.workbooks import Sheet


def merged_down(sheet: Sheet, start: int, columns: Container[int] | None = None) -> list[list[str]]:
    """The rows of `sheet`; from row `start` (from 0) on, below the head, with what is merged over several rows of
    `columns` (None: all) in each of these.
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
