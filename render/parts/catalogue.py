"""The catalogue: which parts can be rendered, as what. Reads the part list and tries every CAD file once."""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cad2real.errors import Skipped, UserError
from cad2real.files import read_json, write_json
from cad2real.progress import Progress
from render.materials.assignment import read_bodies, split_words
from render.materials.beside import files_beside
from render.materials.file_materials import file_materials_key
from render.materials.unsaid import unsaid
from render.materials.vocabulary import DRAWN, read_material
from render.part_lists.ids import part_id_fault
from render.part_lists.places import Place
from render.part_lists.reader import AS_FOUND, Choices
from render.parts.cad_reader import CadReader, Measured
from render.parts.company_list import read_rows
from render.parts.geometry import GeometryError, check_size
from render.parts.part_list import Row
from render.parts.size_cache import SizeCache

COLORS_INSIDE = "colours"
"""`Part.skin` of a file whose materials are all in the file itself."""


@dataclass(frozen=True)
class Part:
    """One part that can be rendered; the fields are those of data/catalogue.json (docs/reference/formats.md).

    `file` is relative to the project folder; empty words are not given; `skin`: a hash where the file has materials of
    its own. `places` say where the part stands; nothing that is rendered depends on them.
    """

    part_id: str
    label: str
    name: str
    file: str
    units: str
    material: str
    surface: str
    color: str
    bodies: str
    size_mm: tuple[float, float, float]
    triangles: int
    sha256: str
    skin: str = ""
    places: tuple[Place, ...] = ()


@dataclass(frozen=True)
class Catalogue:
    """The parts in the list's order, the rows that were skipped, and notes (rendered, but not as the row says)."""

    parts: tuple[Part, ...]
    skipped: tuple[Skipped, ...]
    notes: tuple[Skipped, ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "parts": [asdict(part) | {"size_mm": list(part.size_mm)} for part in self.parts],
            "skipped": [item.as_dict() for item in self.skipped],
            "notes": [item.as_dict() for item in self.notes],
        }


def make_catalogue(
    part_list: Path,
    root: Path,
    default_units: str = "mm",
    memory: Path | None = None,
    choices: Choices = AS_FOUND,
) -> Catalogue:
    """Reads `part_list` and every CAD file it names; `Part.file` is relative to `root`.

    `memory`: a file that keeps the sizes of CAD files from run to run, so that only new ones are read. `choices`: what
    the user says of a company's list.

    Raises UserError when the list as a whole cannot be used.
    """
    rows, skipped = read_rows(part_list, default_units, choices)
    parts: list[Part] = []
    notes: list[Skipped] = []
    with CadReader() as reader, Progress("catalogue", len(rows), "parts") as progress:
        sizes = SizeCache(memory, reader.measure)
        for row in rows:
            try:
                part, measured = _part(row, root, sizes)
                parts.append(part)
                notes += [Skipped(row.part_id, row.where, note) for note in _notes(row, measured)]
            except GeometryError as error:
                skipped.append(Skipped(row.part_id, row.where, str(error)))
                progress.failures += 1
            progress.advance()
    sizes.save()
    notes += _left_open(parts, part_list)
    return Catalogue(tuple(parts), tuple(skipped), tuple(notes))


def make_part(file: Path, words: str = "", units: str = "mm", part_id: str = "", root: Path | None = None) -> Part:
    """One CAD file as a part, without a part list.

    `words`: its material, surface and color, as in "aluminium anodized black"; without any it has the materials of its
    file, or is steel. `units` (mm, cm, m, in) holds for formats that carry none. `part_id`: default the file's name
    without suffix; letters, digits, '_', '-', '+' and '.'. `root`: the folder that `Part.file` is relative to; default
    the current one. Raises UserError without the file or for another part id, GeometryError for a file that cannot be
    rendered.

    >>> part = make_part(Path("data/parts/washer_m10.step"), "aluminium anodized ral 7015")
    >>> part.part_id, part.material, part.surface, part.color
    ('washer_m10', 'aluminium', 'anodized', 'ral 7015')
    """
    part_id = part_id or file.stem
    if fault := part_id_fault(part_id):
        raise UserError(fault)
    if not file.is_file():
        raise UserError(f"{file} does not exist.", "Correct the path of the CAD file.")
    material, surface, color = split_words(words)
    row = Row(part_id, file.resolve(), str(file), part_id, "", units, material, surface, color, bodies="")
    with CadReader() as reader:
        return _part(row, (root or Path()).resolve(), SizeCache(None, reader.measure))[0]


def _part(row: Row, root: Path, sizes: SizeCache) -> tuple[Part, Measured]:
    digest = cad_digest(row.file)
    beside = file_materials_key(row.file)
    measured = sizes.measure(row.file, row.units, f"{digest} {beside}" if beside else digest)
    part = Part(
        part_id=row.part_id,
        label=row.label,
        name=row.name,
        file=os.path.relpath(row.file, root).replace(os.sep, "/"),
        units=row.units,
        material=row.material,
        surface=row.surface,
        color=row.color,
        bodies=row.bodies,
        size_mm=measured.size_mm,
        triangles=measured.triangles,
        sha256=digest,
        skin=beside or (COLORS_INSIDE if measured.has_materials else ""),
        places=row.places,
    )
    return part, measured


def cad_digest(path: Path) -> str:
    """A hash of a CAD file's bytes; of a .gltf file also of the files beside it that hold its triangles. Raises
    GeometryError when they cannot be read or are too large.
    """
    digest = hashlib.sha256()
    try:
        for part in (path, *files_beside(path, "buffers")):
            check_size(part)
            with part.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
    except OSError as error:
        raise GeometryError(f"{path.name}: cannot be read ({error.strerror}); see to its rights and its disk") from None
    return digest.hexdigest()


def _notes(row: Row, measured: Measured) -> list[str]:
    notes = read_material(row.material, row.surface, row.color)[1]
    if not (row.material or row.surface or row.color) and measured.has_materials:
        notes = ("no material is given; the file's own materials are kept",)
    return [*row.notes, *notes, *measured.notes, *read_bodies(row.bodies)[1]]


def _left_open(parts: list[Part], part_list: Path) -> list[Skipped]:
    """One note for all parts of known material whose surface or colour the list leaves open; parts without a known
    material have a note each.
    """
    notes = []
    for what in ("surface", "color"):
        silent = [
            part
            for part in parts
            if what in (left := unsaid(part.material, part.surface, part.color).open) and "material" not in left
        ]
        if silent:
            first = ", ".join(part.part_id for part in silent[:3]) + (", ..." if len(silent) > 3 else "")
            reason = f"{what} is not said of {len(silent)} part(s) ({first}); {DRAWN}"
            notes.append(Skipped(what, str(part_list), reason))
    return notes


def write_catalogue(path: Path, catalogue: Catalogue) -> None:
    write_json(path, catalogue.as_dict())


def read_catalogue(path: Path) -> Catalogue:
    """Reads what `write_catalogue` wrote. Raises UserError when it is missing or not a catalogue."""
    if not path.is_file():
        raise UserError(f"{path} does not exist.", "Run `cad2real catalogue` first.")
    raw = read_json(path, "parts", "skipped")
    try:
        parts = tuple(_part_of(item) for item in raw["parts"])
        skipped = tuple(Skipped(**item) for item in raw["skipped"])
        notes = tuple(Skipped(**item) for item in raw.get("notes", []))
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is not a catalogue ({error}).", "Run `cad2real catalogue` again.") from None
    return Catalogue(parts, skipped, notes)


def _part_of(said: dict[str, Any]) -> Part:
    """A part of a catalogue's file."""
    places = tuple(Place.of(place) for place in said.get("places", ()))
    return Part(**{"bodies": ""} | said | {"size_mm": tuple(said["size_mm"]), "places": places})
