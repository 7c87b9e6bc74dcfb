"""`cad2real catalogue --explain`, `--json` and `--init`: how a part list is read, before anything is made of it."""

from __future__ import annotations

from pathlib import Path

from cad2real.errors import UserError
from cad2real.files import write_json, write_text
from cad2real.quoting import quoted
from render.part_lists.explain import as_json, lines
from render.part_lists.reader import Choices, PartList, read_list
from render.parts.cad_files import CadFolder
from render.parts.company_list import cad_lines, is_simple

SIMPLE = "a row names the columns part_id and file: a simple list, read by rules of its own"


def report_list(part_list: Path, choices: Choices, *, explain: bool, json: Path | None, params: Path | None) -> None:
    """Reads `part_list` and prints how (`explain`), writes it as JSON to `json`, or the roles of its columns into the
    params.yaml `params`. Raises UserError when it cannot be read.
    """
    read = read_list(part_list, choices)
    if explain:
        for line in lines(read):
            print(quoted(line))
        print()
        if _is_simple(part_list):
            print(f"{part_list}: {SIMPLE}")
        for line in cad_lines(read, CadFolder(part_list.parent)):
            print(quoted(line))
    if json is not None:
        write_json(json, as_json(read))
        print(f"{len(read.parts)} part(s), {len(read.not_parts)} other row(s): {json}")
    if params is not None:
        _write_params(read, part_list, params)


def _is_simple(part_list: Path) -> bool:
    try:
        return is_simple(part_list)
    except UserError:
        return False


def _write_params(read: PartList, part_list: Path, params: Path) -> None:
    """Writes sheet, header and columns of the first table as they were found, with the comments of the new keys."""
    from cad2real.params_editor import write_values
    from cad2real.reference.comments import commented

    if not params.is_file():
        raise UserError(f"There is no {params} here.", "Change to a project's folder, or make one: cad2real init DIR")
    if _is_simple(part_list):
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
