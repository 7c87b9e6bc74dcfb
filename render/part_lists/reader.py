"""Reads a part list as a company has it: which file, sheet, table, columns and rows, all of it explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cad2real.errors import UserError
from render.materials.material_words import read_vocabulary
from render.part_lists.columns import Column
from render.part_lists.headers import read_headers
from render.part_lists.list_files import read_sheets
from render.part_lists.parts import Classes, ListedPart, choose_classes, join_rows
from render.part_lists.repeats import repeated_sheets, sums_up, without_shared_files
from render.part_lists.row_words import RowWords, read_row_words
from render.part_lists.rows import NotPart, PartRow, read_rows_of
from render.part_lists.tables import Table, TableFinder
from render.part_lists.workbooks import Sheet

ON_ITS_SIDE = "its first column, not a row, names what stands beside it"
TOGETHER = 0.6
"""A sheet counts beside the best one from this share of its score on."""


@dataclass(frozen=True)
class Choices:
    """What the user says of a list: roles by header or letter of column, the sheet's name, the header's row (from 1),
    which parts become classes, and whether bought ones do.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    sheet: str | None = None
    header_row: int | None = None
    classes: Classes = "all"
    skip_bought: bool = False


AS_FOUND = Choices()
"""Nothing is said: all is found."""


@dataclass(frozen=True)
class PartList:
    """A list as it was read: every sheet with what it is, the tables that are used, the parts and the other rows."""

    path: Path
    sheets: list[Sheet]
    left_out: dict[str, str]
    tables: list[Table]
    parts: list[ListedPart]
    not_parts: list[NotPart]
    tree: str

    @property
    def unknown_words(self) -> list[str]:
        """Words in columns of materials that fit no rule, each once."""
        return list(dict.fromkeys(part.material_written for part in self.parts if part.guess.unknown))


def read_list(path: Path, choices: Choices = AS_FOUND) -> PartList:
    """Reads the part list `path`. Raises UserError when it is missing, no list, or has no table of parts."""
    headers = read_headers(path.parent)
    materials, words = read_vocabulary(path.parent), read_row_words(path.parent)
    sheets = read_sheets(path, headers)
    finder = TableFinder(headers, materials, choices.columns)
    tables, left_out = _choose(sheets, finder, choices, path)
    tables = _without_other_sheets(tables, left_out, words, choices)
    if not tables and (turned := [name for name, why in left_out.items() if why == ON_ITS_SIDE]):
        where = f"{path}, sheet {turned[0]!r}," if turned[0] else f"{path}"
        raise UserError(
            f"{where} lies on its side: {ON_ITS_SIDE}.", "Turn it: copy it, then paste special with 'transpose'."
        )
    if not tables:
        raise UserError(
            f"{path} has no table of parts: no row names columns such as part number, name, quantity or material.",
            "Name its columns in the first row, or set catalogue.columns, .sheet and .header_row in params.yaml.",
        )
    rows: list[PartRow] = []
    others: list[NotPart] = []
    read: dict[str, list[PartRow]] = {}
    for table in tables:
        found, dropped = read_rows_of(table, words)
        above = read.setdefault(table.sheet.name, [])
        _check_results(path, table)
        if why := sums_up(table, found, above, words):
            dropped = [*dropped, *(NotPart(table.sheet.name, row.number, row.label, why) for row in found)]
            found = []
        above += without_shared_files(found)
        others += sorted(dropped, key=lambda row: row.row)
    for name, why in repeated_sheets(read, chosen=choices.sheet is not None).items():
        left_out[name] = why
        others = [item for item in others if item.sheet != name]
        del read[name]
    tables = [table for table in tables if table.sheet.name in read]
    rows = [row for found in read.values() for row in found]
    parts, tree = join_rows(rows, materials, words)
    choose_classes(parts, choices.classes, skip_bought=choices.skip_bought)
    return PartList(path, sheets, left_out, tables, parts, others, tree)


def _choose(
    sheets: Sequence[Sheet], finder: TableFinder, choices: Choices, path: Path
) -> tuple[list[Table], dict[str, str]]:
    """The tables that are read, and why each other sheet is not."""
    if choices.sheet is not None and choices.sheet not in {sheet.name for sheet in sheets}:
        names = ", ".join(repr(sheet.name) for sheet in sheets)
        raise UserError(
            f"{path} has no sheet {choices.sheet!r} (it has {names}).", "Correct catalogue.sheet in params.yaml."
        )
    left_out: dict[str, str] = {}
    found: dict[str, list[Table]] = {}
    for sheet in sheets:
        if choices.sheet is not None and sheet.name != choices.sheet:
            left_out[sheet.name] = f"catalogue.sheet is {choices.sheet!r}"
        elif not sheet.rows:
            left_out[sheet.name] = "it is empty"
        elif not sheet.visible and choices.sheet is None:
            left_out[sheet.name] = "it is hidden"
        elif tables := finder.find(sheet, choices.header_row):
            found[sheet.name] = tables
        else:
            left_out[sheet.name] = "no row in it heads a table of parts"
    if not found:
        for sheet in sheets:
            headed = not left_out.get(sheet.name, "no row").startswith("no row")
            if not headed and finder.lies_on_its_side(sheet):
                left_out[sheet.name] = ON_ITS_SIDE
            elif not headed and (tables := finder.headless(sheet)):
                left_out.pop(sheet.name, None)
                return tables, left_out
    best = max((_best(tables) for tables in found.values()), default=0.0)
    for name, tables in list(found.items()):
        if _best(tables) < TOGETHER * best:
            left_out[name] = "another sheet looks far more like a part list"
            del found[name]
    return [table for tables in found.values() for table in tables], left_out


def _check_results(path: Path, table: Table) -> None:
    """Raises UserError where a cell that is read holds a formula whose result nobody has computed."""
    used = {column.index for column in table.columns if column.role}
    places = [(row, column) for row, column in table.sheet.no_result if table.start <= row < table.end]
    if cells := [f"{Column(column, '', '', '', 0).letter}{row + 1}" for row, column in places if column in used]:
        more = f" and {len(cells) - 3} more" if len(cells) > 3 else ""
        raise UserError(
            f"{path} has formulas without results ({', '.join(cells[:3])}{more}).",
            "Open it in a spreadsheet program, which computes them, and save it.",
        )


def _without_other_sheets(
    tables: list[Table], left_out: dict[str, str], words: RowWords, choices: Choices
) -> list[Table]:
    """`tables` without those of sheets whose name says that no parts are in it, where others are left."""
    kept = [table for table in tables if not words.is_other_sheet(table.sheet.name)]
    if choices.sheet is not None or not kept:
        return tables
    left_out.update(
        {table.sheet.name: "its name says that it is no part list" for table in tables if table not in kept}
    )
    return kept


def _best(tables: Sequence[Table]) -> float:
    return max(table.score for table in tables)
