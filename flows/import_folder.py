"""`cad2real init --from DIR`: a project out of a folder of CAD, with a part list or without one."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cad2real.errors import Skipped, UserError
from cad2real.files import write_text
from cad2real.layout import Layout
from flows.init_project import init_project
from flows.params_file import change_params
from render.parts.company_list import folder_parts, readable_lists

PARTS = Path("data/parts")
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


def import_folder(root: Path, source: Path) -> Imported:
    """Makes the folder `root` a project of the CAD in `source` and below, which is copied into data/parts/.

    The part list of `source` is taken where there is one, the one with most parts of several; else every CAD file is a
    part, called as the file. Raises UserError when `source` has no CAD, or `root` is a project already.
    """
    if not source.is_dir():
        raise UserError(f"{source} is no folder.", "Name the folder with the CAD files.")
    if root.resolve().is_relative_to(source.resolve()):
        raise UserError(f"{root} lies in {source}.", "Make the project outside: the CAD is copied into it.")
    parts = folder_parts(source)
    if not parts:
        raise UserError(f"{source} has no CAD file.", "Name a folder with STEP, STL or other CAD files in it or below.")
    lists, unreadable = readable_lists(source)
    init_project(root)
    for part in parts:
        _copy(source, part.file, root / PARTS)
    if lists:
        best = lists[0].path
        shutil.copyfile(best, root / PARTS / best.name)
        if best.name != "parts.csv":
            (root / PARTS / "parts.csv").unlink()
        change_params(Layout(root).params, [f"catalogue.parts={(PARTS / best.name).as_posix()}"])
        more = [Skipped(item.path.name, str(item.path), "another part list has more parts") for item in lists[1:]]
        return Imported(PARTS / best.name, False, len(parts), [*unreadable, *more])
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("part_id", "name", "file", "material", "surface", "color"))
    writer.writerows((part.part_id, part.name, part.file.as_posix(), "", "", "") for part in parts)
    write_text(root / PARTS / "parts.csv", text.getvalue())
    return Imported(PARTS / "parts.csv", True, len(parts), unreadable)


def _copy(source: Path, file: Path, target: Path) -> None:
    """Copies the CAD file `file` (relative to `source`), and what may belong to it."""
    needed = BESIDE.get(file.suffix.lower(), set())
    folder = (source / file).parent
    beside = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in needed and path.is_file()]
    for path in [source / file, *beside]:
        to = target / path.relative_to(source)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, to)
