"""The simple part list, with columns part_id and file: text or workbook, one row a part.

Every row is checked on its own: a bad one never stops the others. Lists without these columns are read by
`render.part_lists`, through `company_list`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from cad2real.errors import Skipped, UserError
from render.part_lists.headers import read_headers
from render.part_lists.ids import part_id_fault
from render.part_lists.places import Place, distinct, place
from render.parts.simple_table import OPTIONAL, REQUIRED, SimpleTable, find_table, first_row

PLACING = ("position", "assembly", "machine")
"""Optional as well, under any word that heads such a column in a company's list (headers.yaml)."""
UNITS_MM = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "in": 25.4}
"""Millimetres in one unit of length."""

SURE = 0.9
"""How well words have to fit a header."""
ALIKE = 0.8
"""How alike the name of a column must be to one that is read to be named: lable, colors, materials."""
ERRORS = {"#REF!", "#N/A", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!"}
"""What spreadsheets show for a formula that failed."""
MAX_CELL = 2000
"""Characters in a cell: file names are shorter, and words for bodies of any assembly that people write."""


@dataclass(frozen=True)
class Row:
    """One usable row of a part list. `file` is absolute; empty strings: not given; `notes`: what of it is not as the
    list says; `places`: where it stands.
    """

    part_id: str
    file: Path
    where: str
    label: str
    name: str
    units: str
    material: str
    surface: str
    color: str
    bodies: str
    notes: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()


def read_part_list(path: Path, default_units: str) -> tuple[list[Row], list[Skipped]]:
    """Reads the part list at `path`, which names its columns part_id and file.

    Returns the usable rows in the file's order, and the rows that were skipped with their reasons. Raises UserError
    when the list as a whole cannot be used: it is missing, not text, lacks a required column or has no row.
    """
    table = find_table(path)
    if table is None:
        names = first_row(path)
        missing = [name for name in REQUIRED if name not in names]
        there = ", ".join(filter(None, names)) or "none"
        raise UserError(
            f"{path} has no column {' and no column '.join(missing)} (only {there}).",
            f"The first line must name the columns: {', '.join(REQUIRED)} and optionally {', '.join(OPTIONAL)}.",
        )
    return rows_of_table(path, table, default_units)


def rows_of_table(path: Path, table: SimpleTable, default_units: str) -> tuple[list[Row], list[Skipped]]:
    """As `read_part_list`, of the `table` that was found in `path`."""
    placing = _placing(table.names, path)
    rows: list[Row] = []
    skipped = [*_unread(path, table)]
    first_use: dict[str, str] = {}
    for number, cells in table.rows:
        raw = dict(zip(table.names, cells, strict=False))
        values = {name: raw.get(name, "") for name in (*REQUIRED, *OPTIONAL)}
        if not any(values.values()):
            continue
        where = f"{path} row {number}"
        reason = _fault(values, first_use, path.parent)
        if reason:
            skipped.append(Skipped(values["part_id"] or "(no part_id)", where, reason))
            continue
        first_use[values["part_id"].lower()] = f"row {number}"
        values["units"] = values["units"].lower() or default_units
        values["label"] = values["label"] or values["part_id"]
        file = path.parent / values.pop("file")
        said = {role: raw.get(name, "") for name, role in placing.items()}
        places = distinct([place(said.get("position", ""), (said.get("machine", ""), said.get("assembly", "")))])
        rows.append(Row(file=file, where=where, places=places, **values))  # type: ignore[arg-type]  # no notes in values
    if not rows and not skipped:
        raise UserError(f"{path} lists no part.", "Add one row a part below the line of column names.")
    return rows, skipped


def _placing(names: list[str], path: Path) -> dict[str, str]:
    """The columns that say where parts stand: their role by their name, of several of one role the first. Words that
    may mean a number or a quantity as well are left alone, but for the roles' own.
    """
    words, found = read_headers(path.parent), dict[str, str]()
    for name in dict.fromkeys(names):
        roles = {meaning.role for meaning in words.meanings(name.replace("_", " ")) if meaning.fit >= SURE}
        role = name if name in PLACING else next(iter(roles & set(PLACING)), "") if len(roles) == 1 else ""
        if role and name not in (*REQUIRED, *OPTIONAL) and role not in found.values():
            found[name] = role
    return found


def _unread(path: Path, table: SimpleTable) -> Iterator[Skipped]:
    """Columns that are not read, though they look like one that is."""
    wanted = [name for name in OPTIONAL if name not in table.names]
    for name in table.names:
        if name not in OPTIONAL and (close := get_close_matches(name, wanted, 1, ALIKE)):
            yield Skipped(f"column {name!r}", str(path), f"is not read; call it {close[0]} if it is that")


def _fault(values: dict[str, str], first_use: dict[str, str], folder: Path) -> str:
    """Why a row cannot be used, with the remedy; empty when it can."""
    part_id, file = values["part_id"], values["file"]
    for name, value in values.items():
        if len(value) > MAX_CELL:
            return f"its {name} has {len(value):,} characters, more than {MAX_CELL:,}; shorten it, or close its quotes"
        if value.upper() in ERRORS:
            return f"its {name} is {value}, a formula that failed; mend it in the spreadsheet"
        if "\ufffd" in value:
            return f"its {name} has a character that cannot be read; save the list again as CSV (UTF-8) or .xlsx"
    if not part_id:
        return "the row has no part_id; give it one"
    if fault := part_id_fault(part_id):
        return fault
    if part_id.lower() in first_use:
        return f"part_id {part_id!r} was used before in {first_use[part_id.lower()]}; ids must differ in more than case"
    if "/" in values["label"] or "\\" in values["label"] or values["label"] in {".", ".."}:
        return f"label {values['label']!r} has a slash or is only dots; labels become folder names; use another"
    if any(unicodedata.category(char) == "Cc" for char in values["label"]):
        return f"label {values['label']!r} has control characters; labels become folder names; use another"
    if values["units"].lower() not in {*UNITS_MM, ""}:
        return f"units {values['units']!r} are unknown; use one of {', '.join(UNITS_MM)}"
    if not file:
        return "the row has no file; name the CAD file, relative to the part list"
    try:
        link, target = folder / file, (folder / file).resolve()
        if link.is_symlink() and not link.exists():
            return f"file {file!r} is a link that leads nowhere ({link.readlink()}); copy the CAD file there instead"
        if not target.is_relative_to(folder.resolve()):
            return f"file {file!r} lies outside the part list's folder; put the CAD file beside or below the part list"
        if not target.is_file():
            return f"file {file!r} does not exist in {folder}; correct the name or add the file"
    except (OSError, ValueError):
        return f"file {file!r} is not a usable file name"
    return ""
