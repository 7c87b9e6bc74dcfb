"""What a file says of the same parts again: other views on other sheets, sums of all tables below them, one CAD file
for many parts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from render.part_lists.row_words import RowWords
from render.part_lists.rows import PartRow
from render.part_lists.tables import Table
from render.part_lists.words import one_line, plain

REPEATS = 0.5
"""A sheet whose parts are in another one to this share is another view of it, and left out."""
ALL = 0.9
"""A table that is headed as a sum of those above has at least this share of its parts from them."""
ABOVE = 5
"""Rows above a header in which its title stands."""
SHARED = 3
"""So many parts of different names with one CAD file are in it; it is none's own."""


def repeated_sheets(read: Mapping[str, list[PartRow]], *, chosen: bool) -> dict[str, str]:
    """Sheets that show the parts of a larger one again, and, unless the sheet is `chosen`, those without parts: why."""
    dropped: dict[str, str] = {}
    keys = {name: {_key(row) for row in rows} for name, rows in read.items()}
    order = sorted(keys, key=lambda name: -len(read[name]))
    for at, name in enumerate(order):
        for other in order[:at]:
            if other not in dropped and keys[name] and len(keys[name] & keys[other]) >= REPEATS * len(keys[name]):
                dropped[name] = f"its parts are those of sheet {other!r}"
                break
    if not chosen and any(keys.values()):
        dropped |= {name: "its table has no part" for name in order if not keys[name]}
    return dropped


def sums_up(table: Table, rows: Sequence[PartRow], above: Sequence[PartRow], words: RowWords) -> str:
    """Why `rows` of `table` are those `above` once more: its title says so ("Recapitulation of: ...") and they are."""
    if not rows or not above:
        return ""
    known = {text for row in above for role in ("part_number", "name") if (text := plain(row.get(role)))}
    again = sum(1 for row in rows if {plain(row.get("part_number")), plain(row.get("name"))} & known)
    if again < ALL * len(rows):
        return ""
    for row in table.sheet.rows[max(0, table.head.first - ABOVE) : table.head.first]:
        for cell in row:
            if words.is_recapitulation(cell):
                return f"once more, below {one_line(cell)!r}"
    return ""


def without_shared_files(rows: list[PartRow]) -> list[PartRow]:
    """`rows` without the names of CAD files that many of them share: what they are in, not what they are."""
    names: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.get("file"):
            names[row.get("file")].add(_key(row))
    for row in rows:
        if len(names.get(row.get("file"), ())) >= SHARED:
            file = row.values.pop("file")
            row.notes.append(f"{len(names[file])} parts are in {file!r}: it is not this part's own file")
    return rows


def _key(row: PartRow) -> str:
    return plain(row.get("part_number") or f"{row.get('name')} {' '.join(row.sizes)}")
