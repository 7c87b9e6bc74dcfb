"""`cad2real init --from DIR`: a project out of a folder of CAD, with a part list or without one."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cad2real.errors import Skipped, UserError
from cad2real.files import atomic_file, write_text
from cad2real.layout import Layout
from cad2real.params_editor import write_values
from flows.init_project import new_project
from render.parts.cad_files import native_files, native_name
from render.parts.company_assemblies import CutPart, assembly_in, cut_assembly
from render.parts.company_list import folder_parts, readable_lists

PARTS = Path("data/parts")
MOST_SHOWN = 10
"""Files in formats that are not read which are named one by one."""
BESIDE = {".gltf": {".bin", ".png", ".jpg", ".jpeg"}, ".obj": {".mtl", ".png", ".jpg", ".jpeg"}}
"""Files that a CAD file of this format may need beside it."""


@dataclass(frozen=True)
class Imported:
    """What came into the new project: the part list it reads (relative to it), whether that was made here of the files'
    names, how many CAD files, and part lists that were not taken, with the reason.
    """

    part_list: Path
    is_made: bool
    cad_files: int
    left_out: Sequence[Skipped]


def import_folder(root: Path, source: Path, sub_assemblies: bool = False) -> Imported:
    """Makes the folder `root` a project of the CAD in `source` and below, which is copied into data/parts/.

    The part list of `source` is taken where there is one, the one with most parts of several; else every CAD file is a
    part, called as the file. Where `source` is a STEP assembly, or a folder whose only CAD file is one, each of its
    parts is one, with `sub_assemblies` also each assembly in it. Raises UserError when `source` has no CAD, or `root`
    is a project already.
    """
    if not source.exists():
        raise UserError(f"{source} does not exist.", "Name the folder with the CAD files, or a STEP assembly.")
    if source.is_dir() and root.resolve().is_relative_to(source.resolve()):
        raise UserError(f"{root} lies in {source}.", "Make the project outside: the CAD is copied into it.")
    assembly = assembly_in(source)
    if assembly is not None or not source.is_dir():
        return _import_assembly(root, source, assembly or source, sub_assemblies)
    if sub_assemblies:
        raise UserError(f"{source} is no single STEP assembly.", "Leave --sub-assemblies out, or name the assembly.")
    parts = folder_parts(source)
    native = native_files(source)
    if not parts:
        if native:
            said = f"{native[0].name} is in {native_name(native[0])}'s own format"
            raise UserError(
                f"{source} has no CAD file that can be read: {said}.", "Export the parts as STEP beside it."
            )
        raise UserError(f"{source} has no CAD file.", "Name a folder with STEP, STL or other CAD files in it or below.")
    lists, unreadable = readable_lists(source)
    unreadable += _without_export(native, [source / part.file for part in parts])
    with new_project(root):
        for part in parts:
            _copy(source, part.file, root / PARTS)
        if lists:
            return _with_list(root, [read.path for read in lists], unreadable, len(parts))
        rows = [(part.part_id, part.name, part.file.as_posix(), "", "", "") for part in parts]
        return _without_list(root, ("part_id", "name", "file", "material", "surface", "color"), rows, unreadable)


def _without_export(native: Sequence[Path], files: Sequence[Path]) -> list[Skipped]:
    """Files in CAD programs' own formats that are not there as an export as well."""
    exported = {file.stem.casefold() for file in files}
    missing = [file for file in native if file.name.split(".")[0].casefold() not in exported]
    shown = [
        Skipped(file.name, str(file), f"it is in {native_name(file)}'s own format; export it as STEP")
        for file in missing[:MOST_SHOWN]
    ]
    if more := missing[MOST_SHOWN:]:
        shown.append(Skipped(f"{len(more)} more", str(more[0].parent), "in CAD programs' own formats as well"))
    return shown


def _import_assembly(root: Path, source: Path, assembly: Path, sub_assemblies: bool) -> Imported:
    """A project of the parts that the STEP file `assembly` is made of, with the part list in `source` if it has one."""
    lists, unreadable = readable_lists(source) if source.is_dir() else ([], [])
    parts = list(cut_assembly(assembly, sub_assemblies, lists[0] if lists else None))
    with new_project(root):
        for part in parts:
            with atomic_file(root / PARTS / part.file) as temporary:
                temporary.write_bytes(part.text)
        if lists:
            return _with_list(root, [read.path for read in lists], unreadable, len(parts))
        return _without_list(root, *_list_of(assembly, parts), unreadable)


def _list_of(assembly: Path, parts: Sequence[CutPart]) -> tuple[Sequence[str], Sequence[Sequence[object]]]:
    """The columns and rows of a part list of what was cut out of `assembly`."""
    columns = ("part_id", "name", "number", "quantity", "machine", "file", "material", "surface", "color")
    said = [(item.part_id, item.name, item.number, item.quantity, assembly.stem) for item in parts]
    return columns, [(*one, item.file.as_posix(), "", "", "") for one, item in zip(said, parts, strict=True)]


def _with_list(root: Path, lists: Sequence[Path], left_out: Sequence[Skipped], cad_files: int) -> Imported:
    best = lists[0]
    shutil.copyfile(best, root / PARTS / best.name)
    if best.name != "parts.csv":
        (root / PARTS / "parts.csv").unlink(missing_ok=True)
    write_values(Layout(root).params, [(("catalogue", "parts"), (PARTS / best.name).as_posix())])
    more = [Skipped(path.name, str(path), "another part list has more parts") for path in lists[1:]]
    return Imported(PARTS / best.name, False, cad_files, [*left_out, *more])


def _without_list(
    root: Path, columns: Sequence[str], rows: Sequence[Sequence[object]], left_out: Sequence[Skipped]
) -> Imported:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    write_text(root / PARTS / "parts.csv", text.getvalue())
    return Imported(PARTS / "parts.csv", True, len(rows), left_out)


def _copy(source: Path, file: Path, target: Path) -> None:
    """Copies the CAD file `file` (relative to `source`), and what may belong to it."""
    needed = BESIDE.get(file.suffix.lower(), set())
    folder = (source / file).parent
    beside = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in needed and path.is_file()]
    for path in [source / file, *beside]:
        to = target / path.relative_to(source)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, to)
