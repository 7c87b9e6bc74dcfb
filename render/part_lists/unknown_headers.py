"""The header of a table in words that no vocabulary has: words above columns that hold numbers."""

from __future__ import annotations

from collections.abc import Sequence

from render.part_lists.quantities import is_quantity

CLOSE = 12
"""Rows from the top in which such a header is looked for."""
FEWEST_CELLS = 3
NUMBERS = 0.8
"""The share of cells below it that are numbers, in at least one column."""


def unknown_head(rows: Sequence[Sequence[str]]) -> int:
    """The place of the header in `rows`, from 0; -1 where there is none.

    >>> unknown_head([["Lista"], ["Lp", "Czlon", "Sztuk"], ["1", "Korpus", "2"], ["2", "Os", "1"], ["3", "Nit", "9"]])
    1
    """
    for at, row in enumerate(rows[:CLOSE]):
        filled = [place for place, cell in enumerate(row) if cell.strip()]
        if len(filled) < FEWEST_CELLS or any(char.isdigit() for place in filled for char in row[place]):
            continue
        below = [other for other in rows[at + 1 :] if sum(1 for cell in other if cell.strip()) >= 2]
        usual = max((len(other) for other in below), default=0)
        if len(below) >= FEWEST_CELLS and len(filled) >= 0.6 * usual and any(_numbers(below, at) for at in filled):
            return at
    return -1


def _numbers(rows: Sequence[Sequence[str]], place: int) -> bool:
    cells = [row[place].strip() for row in rows if place < len(row) and row[place].strip()]
    return len(cells) >= FEWEST_CELLS and sum(map(is_quantity, cells)) >= NUMBERS * len(cells)
