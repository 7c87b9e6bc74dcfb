"""STEP assemblies of a company's machine: which one holds a part, and its parts cut out of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cad2real.errors import UserError
from render.materials.letters import folded
from render.part_lists.ids import make_ids
from render.part_lists.parts import ListedPart
from render.part_lists.reader import PartList
from render.parts.cad_files import CadFolder
from render.parts.step_split import assembly_parts, cut_out
from render.parts.step_text import SUFFIXES as STEP_SUFFIXES

MAX_ASSEMBLY_BYTES = 400_000_000
"""Of an assembly that is taken apart: its text is held several times over."""


def names_of(part: ListedPart) -> Sequence[tuple[str, str]]:
    """What CAD of `part` may be called, the best first: what that is, and its text."""
    return [
        ("part number", part.part_number),
        ("name", part.name),
        ("description", part.description),
        ("id", part.part_id),
    ]


class Assemblies:
    """The STEP assemblies that the assemblies of a list have as CAD, and the names of the products in them."""

    def __init__(self, read: PartList, folder: CadFolder) -> None:
        self._files: dict[str, str] = {}
        for part in read.parts:
            file = folder.find(part.file, names_of(part)).file if part.is_assembly else None
            if file is None or file.suffix.lower() not in STEP_SUFFIXES:
                continue
            with suppress(ValueError, OSError):
                for inside in assembly_parts(_step_text(file)):
                    for name in (inside.number, inside.name):
                        self._files.setdefault(folded(name).strip(), file.name)

    def holding(self, part: ListedPart) -> str:
        """Which assembly holds `part`, which has no CAD of its own, with the remedy; empty where none does."""
        for _, text in names_of(part):
            if text and (file := self._files.get(folded(text))):
                return f"it is only in the assembly {file}: export it alone, or take that apart: `init --from {file}`"
        return ""


@dataclass(frozen=True)
class CutPart:
    """A part cut out of an assembly: its id, the name and number of its product, how often it is in the machine, and
    its STEP file (`text`), to be called `file`.
    """

    part_id: str
    name: str
    number: str
    quantity: int
    file: Path
    text: bytes


def assembly_in(source: Path) -> Path | None:
    """The STEP assembly of several parts that `source` is, or that is the only CAD file in the folder `source`."""
    files = [source] if source.is_file() else CadFolder(source).files
    if len(files) != 1 or files[0].suffix.lower() not in STEP_SUFFIXES:
        return None
    with suppress(ValueError):
        return files[0] if assembly_parts(_step_text(files[0])) else None
    return None


def cut_assembly(file: Path, with_assemblies: bool, read: PartList | None) -> Iterator[CutPart]:
    """The parts of the STEP assembly `file`, each with a file of its own, which is called by the part's number where
    the part list `read` has that, else by its name; `with_assemblies`: also the assemblies in it. Raises UserError
    where it is none.
    """
    try:
        text = _step_text(file)
        parts = [part for part in assembly_parts(text) if with_assemblies or not part.is_assembly]
    except ValueError as error:
        raise UserError(f"{file} cannot be taken apart: {error}.", "Export it again.") from None
    if not parts:
        raise UserError(f"{file} is no assembly of several parts.", "Name a folder of CAD, or a STEP assembly.")
    known = {folded(text) for part in read.parts for _, text in names_of(part)} if read is not None else set()
    called = [part.number if folded(part.number) in known else part.name or part.number for part in parts]
    uses = Counter(called)
    texts = [f"{name} {part.number}" if uses[name] > 1 else name for name, part in zip(called, parts, strict=True)]
    again = Counter[str]()
    for at, said in enumerate(texts):
        again[said] += 1
        texts[at] = said if again[said] == 1 else f"{said} ({again[said]})"
    for part_id, (part, cut) in zip(make_ids(texts), cut_out(text, parts), strict=True):
        yield CutPart(part_id, part.name, part.number, part.quantity, Path(file.stem) / f"{part_id}.step", cut)


def _step_text(file: Path) -> bytes:
    if file.stat().st_size > MAX_ASSEMBLY_BYTES:
        raise ValueError(f"it is larger than {MAX_ASSEMBLY_BYTES // 1_000_000} MB")
    return file.read_bytes()
