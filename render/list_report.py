"""`cad2real catalogue --explain`, `--json` and `--init`: how a part list is read, before anything is made of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cad2real.errors import UserError
from cad2real.files import write_json, write_text
from cad2real.quoting import quoted
from render.part_lists.explain import as_json, lines
from render.part_lists.reader import Choices, PartList, read_list
from render.parts.cad_files import CadFolder
from render.parts.company_list import cad_lines
from render.parts.part_list import rows_of_table
from render.parts.simple_table import OPTIONAL, REQUIRED, SimpleTable, find_table

SIMPLE = "a row names the columns part_id and file: a simple list, read by rules of its own"


def report_list(part_list: Path, choices: Choices, *, explain: bool, json: Path | None, params: Path | None) -> None:
    """Reads `part_list` and prints how (`explain`), writes it as JSON to `json`, or the roles of its columns into the
    params.yaml `params`. Raises UserError when it cannot be read.
    """
    if explain and (table := _simple_table(part_list)) is not None:
        for line in _simple_lines(part_list, table):
            print(quoted(line))
        explain = False
        if json is None and params is None:
            return
    read = read_list(part_list, choices)
    if explain:
        for line in lines(read):
            print(quoted(line))
        print()
        for line in cad_lines(read, CadFolder(part_list.parent)):
            print(quoted(line))
    if json is not None:
        write_json(json, as_json(read))
        print(f"{len(read.parts)} part(s), {len(read.not_parts)} other row(s): {json}")
    if params is not None:
        _write_params(read, part_list, params)


def _simple_table(part_list: Path) -> SimpleTable | None:
    try:
        return find_table(part_list)
    except UserError:
        return None


def _simple_lines(part_list: Path, table: SimpleTable) -> Iterator[str]:
    """In words, what `cad2real catalogue` will take from a simple list, and which rows it cannot use."""
    rows, skipped = rows_of_table(part_list, table, "")
    yield f"{part_list}: {SIMPLE}"
    yield f"columns that are read: {', '.join(name for name in table.names if name in (*REQUIRED, *OPTIONAL))}"
    yield ""
    yield f"{len(rows)} part(s) with CAD"
    for row in rows:
        look = " ".join(filter(None, (row.material, row.surface, row.color))) or "no material"
        name = f" ({row.name})" if row.name else ""
        of_file = row.units or "units as params.yaml says, where the file does not"
        yield f"  {row.where.removeprefix(f'{part_list} ')} {row.part_id}{name}: {row.file.name}, {of_file}, {look}"
    if skipped:
        yield ""
        yield f"{len(skipped)} thing(s) that cannot be used"
        yield from (f"  {item}" for item in skipped)


def _write_params(read: PartList, part_list: Path, params: Path) -> None:
    """Writes sheet, header and columns of the first table as they were found, with the comments of the new keys."""
    from cad2real.params_editor import write_values
    from cad2real.reference.comments import commented

    if not params.is_file():
        raise UserError(f"There is no {params} here.", "Change to a project's folder, or make one: cad2real init DIR")
    if _simple_table(part_list) is not None:
        raise UserError(f"{part_list} is a simple list: its columns need no roles.", "Nothing was changed.")
    columns: dict[str, str] = {}
    for table in read.tables:
        for column in table.columns:
            if column.role:
                columns.setdefault(column.header or column.letter, column.role)
    found: list[tuple[list[str], object]] = [(["catalogue", "columns"], columns)]
    if part_list.resolve().is_relative_to(params.parent.resolve()):
        relative = part_list.resolve().relative_to(params.parent.resolve()).as_posix()
        found.append((["catalogue", "parts"], relative))
    if len(read.tables) == 1:
        (table,) = read.tables
        found += [(["catalogue", "header_row"], table.head.first + 1)] if table.head.first >= 0 else []
        found += [(["catalogue", "sheet"], table.sheet.name)] if len(read.sheets) > 1 else []
    write_values(params, found)
    write_text(params, commented(params.read_text(encoding="utf-8")))
    print(
        f"wrote what {len(columns)} column(s) are into {params}: edit catalogue.columns, .sheet and .header_row there."
    )
