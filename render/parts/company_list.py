"""Any part list as rows that can be rendered: the simple one by its own rules, a company's with its CAD files found."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cad2real.errors import Skipped, UserError
from render.materials.looks import look
from render.materials.vocabulary import DRAWN
from render.params import CatalogueParams
from render.part_lists.ids import make_ids
from render.part_lists.list_files import FORMATS as LIST_FORMATS
from render.part_lists.parts import ListedPart
from render.part_lists.reader import AS_FOUND, Choices, PartList, read_list
from render.parts.cad_files import CadFolder, format_rank
from render.parts.company_assemblies import Assemblies, names_of
from render.parts.part_list import Row, read_part_list, rows_of_table
from render.parts.simple_table import REQUIRED, find_table, first_row

MOST_LINES = 40
MOST_LISTS, MOST_ENTRIES = 30, 20_000
"""Files that may be part lists which are tried in a folder, and entries of it that are looked at."""
MOST_BODIES = 300
"""Parts of an assembly whose bodies get a material of their own."""
_NO_PATTERN = re.compile(r"[\[\]*?;=]")


@dataclass(frozen=True)
class FolderPart:
    """A CAD file that is a part without a list: `file` relative to the folder."""

    part_id: str
    name: str
    file: Path


def read_rows(path: Path, default_units: str, choices: Choices = AS_FOUND) -> tuple[list[Row], list[Skipped]]:
    """The rows of the part list at `path` that can be rendered, and the others with their reasons.

    A list with the columns part_id and file is read by the rules of `read_part_list`; any other as a company's, with
    the user's `choices`. Raises UserError when the list as a whole cannot be used.
    """
    if table := find_table(path):
        return rows_of_table(path, table, default_units)
    try:
        read = read_list(path, choices)
    except UserError:
        names = first_row(path)
        if not any(names) or {*REQUIRED} & {*names}:
            return read_part_list(path, default_units)  # and say which column is missing
        raise
    return rows_of(read, default_units)


def choices_of(params: CatalogueParams, other: bool = False) -> Choices:
    """What params.yaml says of the part list; of an `other` one than the project's only what holds for any."""
    if other:
        return Choices(classes=params.classes, skip_bought=params.skip_bought)
    return Choices(params.columns, params.sheet, params.header_row, params.classes, params.skip_bought)


def count_parts(path: Path) -> int:
    """How many parts the list at `path` has, with CAD or without. Raises UserError."""
    table = find_table(path)
    return len(table.rows) if table else len(read_list(path).parts)


def input_files(path: Path) -> Iterator[Path]:
    """The CAD files that the list at `path` may mean; some may not be there. Raises UserError."""
    try:
        table = find_table(path)
    except UserError:
        if not path.is_file():
            raise
        table = None
    if table is None:
        yield from CadFolder(path.parent).files
        return
    column = table.names.index("file")
    yield from (path.parent / cell for _, cells in table.rows for cell in cells[column : column + 1])


def rows_of(read: PartList, default_units: str) -> tuple[list[Row], list[Skipped]]:
    """The parts of a company's list that are classes and have CAD, as rows; the others, and CAD that no part claims."""
    return _match(read, CadFolder(read.path.parent), default_units)


def _match(read: PartList, folder: CadFolder, default_units: str) -> tuple[list[Row], list[Skipped]]:
    rows: list[Row] = []
    skipped: list[Skipped] = []
    used: set[Path] = set()
    by_id = {part.part_id: part for part in read.parts}
    assemblies: Assemblies | None = None
    for part in read.parts:
        where = f"{read.path}{f' sheet {part.sheet!r}' if part.sheet else ''} row {part.row}"
        found = folder.find(part.file, names_of(part))
        if found.file is not None:
            used.add(found.file)
        if part.no_class:
            skipped.append(Skipped(part.part_id, where, part.no_class))
        elif found.file is None:
            assemblies = assemblies or Assemblies(read, folder)
            skipped.append(Skipped(part.part_id, where, assemblies.holding(part) or found.why))
        else:
            named = (part.part_id, found.file, where, part.part_id, part.label, default_units)
            rows.append(Row(*named, *look(part.guess), _bodies(part, by_id), _notes(part), part.places))
    stems = {file.with_suffix("") for file in used}  # in other formats as well
    for file in folder.files:
        if file.with_suffix("") not in stems:
            skipped.append(
                Skipped(file.name, str(file), "no row of the part list names this CAD file; add one, or remove it")
            )
    return rows, skipped


def folder_parts(folder: Path) -> list[FolderPart]:
    """Every CAD file of `folder` and below as a part, called as the file; one in several formats once, STEP first."""
    best: dict[Path, Path] = {}
    for file in CadFolder(folder).files:
        stem = file.with_suffix("")
        if stem not in best or format_rank(file) < format_rank(best[stem]):
            best[stem] = file
    files = [file.relative_to(folder) for file in best.values()]
    alone = Counter(file.stem.casefold() for file in files)
    # Files of one name in several folders are told apart by these.
    texts = [file.stem if alone[file.stem.casefold()] == 1 else file.with_suffix("").as_posix() for file in files]
    return [FolderPart(part_id, file.stem, file) for part_id, file in zip(make_ids(texts), files, strict=True)]


def readable_lists(folder: Path) -> tuple[list[PartList], list[Skipped]]:
    """The part lists directly in `folder`, else those one or two folders below, that with most parts first, and those
    that cannot be read as one.
    """
    lists: list[PartList] = []
    skipped: list[Skipped] = []
    for depth in ("*", "*/*", "*/*/*"):
        for path in sorted(folder.glob(depth))[:MOST_ENTRIES]:
            if path.suffix.lower() in LIST_FORMATS and path.is_file() and not path.name.startswith((".", "~$")):
                try:
                    lists.append(read_list(path))
                except UserError as error:
                    skipped.append(Skipped(path.name, str(path), error.what))
                if len(lists) + len(skipped) >= MOST_LISTS:
                    break
        if lists:
            break
    return sorted(lists, key=lambda read: -len(read.parts)), skipped


def cad_lines(read: PartList, folder: CadFolder) -> Iterator[str]:
    """In words: how many parts have CAD, and why others have none; CAD that no part claims."""
    rows, skipped = _match(read, folder, "mm")
    yield f"{len(rows)} part(s) with CAD below {folder.folder} ({len(folder.files)} CAD file(s))"
    for item in skipped[:MOST_LINES]:
        yield f"  {item}"
    if len(skipped) > MOST_LINES:
        yield f"  ... and {len(skipped) - MOST_LINES} more"


def _notes(part: ListedPart) -> tuple[str, ...]:
    if not part.guess.unknown:
        return ()
    return (f"material {part.material_written!r} fits no rule; {DRAWN}; add it to vocabulary.yaml",)


def _bodies(part: ListedPart, by_id: dict[str, ListedPart]) -> str:
    """The `bodies` of an assembly: the material of each single part in it, by what CAD may call it."""
    found: dict[str, str] = {}
    waiting, seen = list(part.children), {part.part_id}
    while waiting and len(found) < MOST_BODIES:
        child = by_id[waiting.pop()]
        if child.part_id in seen:
            continue
        seen.add(child.part_id)
        waiting += child.children
        words = " ".join(filter(None, look(child.guess)))
        if words and not child.children:
            for name in (child.part_number, child.name):
                if len(name) >= 3 and not _NO_PATTERN.search(name):
                    found[f"*{name.lower()}*"] = words
    # Longer names first: "base plate" is no "plate".
    return "; ".join(f"{name}={found[name]}" for name in sorted(found, key=lambda name: (-len(name), name)))
