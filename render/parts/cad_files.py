"""Finds the CAD file of each part by its number or name, in a folder and below it."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from render.materials.letters import folded
from render.parts.geometry import FORMATS

NATIVE = {
    ".sldprt": "SolidWorks", ".sldasm": "SolidWorks", ".ipt": "Inventor", ".iam": "Inventor", ".catpart": "CATIA",
    ".catproduct": "CATIA", ".prt": "NX or Creo", ".asm": "Creo or Solid Edge", ".par": "Solid Edge",
    ".psm": "Solid Edge", ".f3d": "Fusion 360", ".f3z": "Fusion 360", ".fcstd": "FreeCAD", ".3dm": "Rhino",
    ".x_t": "Parasolid", ".x_b": "Parasolid", ".jt": "JT", ".igs": "IGES", ".iges": "IGES", ".dwg": "AutoCAD",
    ".skp": "SketchUp", ".scad": "OpenSCAD", ".sat": "ACIS",
}  # fmt: skip
"""Formats of CAD programs that are not read here, by suffix."""
MOST_FILES, MOST_ENTRIES = 200_000, 2_000_000
"""CAD files, and files of any kind, after which the looking ends: a folder with more is no folder of parts."""

_VERSION = re.compile(r"(?<=\.(?:prt|asm))\.\d{1,4}$", re.IGNORECASE)
"""Creo's count of saves: plate.prt.3"""
_LEADING = re.compile(r"^\d{1,3}[ ._-]+(?=\D)")
_REVISION = re.compile(r"(?:[ _.-]+(?:rev|r|v|ver|version|index|ind)[ ._-]?[a-z0-9]{1,3}|[ _-]+\([a-z0-9]\))$")
_TAIL = re.compile(
    r"(?:[ _-]+(?:standard|default|defaut|estandar|predefinito|asm|prt|part|assembly|final|copy|kopie|step|stl))+$"
)
_COUNT = re.compile(r"(?:[ _-]+x ?\d{1,3}|[ _-]+\d{1,3} ?x|[ _-]*\(x?\d{1,3}x?\))$")
_SIGNS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Found:
    """The CAD file of a part and how it was found, or, without a file, why there is none."""

    file: Path | None
    why: str


class CadFolder:
    """The CAD files of a folder and all below it, found by name; links that lead out of it are left out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = list(_files(folder))
        self._ways: list[tuple[str, dict[str, list[Path]]]] = []
        for why, make in WAYS:
            index: dict[str, list[Path]] = defaultdict(list)
            for file in self.files:
                if key := make(file.stem):
                    index[key].append(file)
            self._ways.append((why, index))
        self._by_name: dict[str, list[Path]] = defaultdict(list)
        self._native = {_loose(_stem(file.name)): file for file in reversed(native_files(folder))}
        for file in self.files:
            self._by_name[file.name.lower()].append(file)
        self._by_start: dict[str, list[Path]] = defaultdict(list)
        for file in self.files:
            for start in _starts(file.stem):
                self._by_start[start].append(file)

    def find(self, file: str, words: Sequence[tuple[str, str]]) -> Found:
        """The CAD file that a list calls `file`, else the one called as one of `words`: pairs of what it is ("part
        number") and its text, the best first.
        """
        if file and (found := self._named(file)):
            return found
        for kind, text in words:
            if not text:
                continue
            for why, index in self._ways:
                key = dict(WAYS)[why](text)
                if key and (candidates := index.get(key)):
                    return self._one(candidates, f"its {kind} is the file's name{why}")
            start = _SIGNS.sub("", folded(text))
            if len(start) >= 3 and (candidates := self._by_start.get(start)):
                return self._one(candidates, f"the file's name begins with its {kind}")
        for _, text in words:
            if text and (native := self._native.get(_loose(text))):
                return Found(
                    None, f"{native.name} is in {native_name(native)}'s own format; export it as STEP beside it"
                )
        said = " or ".join(f"{text!r}" for text in dict.fromkeys([file, *(text for _, text in words)]) if text)
        remedy = "correct the file's name in the list" if file else "name it in a column File"
        return Found(None, f"no CAD file in {self.folder} is called {said}; put it there, or {remedy}")

    def _named(self, text: str) -> Found | None:
        name = text.replace("\\", "/").rpartition("/")[2]
        inside = [path for path in self.files if path == self.folder / text]
        candidates = inside or self._by_name.get(name.lower(), [])
        if candidates:
            return self._one(candidates, "the list names the file")
        for why, index in self._ways:
            if found := index.get(dict(WAYS)[why](Path(name).stem)):
                return self._one(found, f"the list names the file{why}")
        return None

    def _one(self, candidates: Sequence[Path], why: str) -> Found:
        """The one file among `candidates`: the same part in several formats counts as one, STEP first."""
        places = {(file.parent, folded(file.stem)) for file in candidates}
        if len(places) > 1:
            names = ", ".join(sorted(file.relative_to(self.folder).as_posix() for file in candidates)[:6])
            return Found(
                None, f"several CAD files fit ({names}); rename or remove the wrong ones, or name it in a column File"
            )
        best = min(candidates, key=lambda file: (format_rank(file), file.name))
        return Found(best, why)


def format_rank(file: Path) -> int:
    """The lower, the better the format of `file` says what a part is: STEP before meshes."""
    return FORMATS.index(file.suffix.lower())


def native_files(folder: Path) -> list[Path]:
    """Files of `folder` and below in CAD programs' own formats, which have to be exported."""
    return list(_walk(folder, lambda name: _suffix(name) in NATIVE))


def native_name(file: Path) -> str:
    """The program whose format `file` is in."""
    return NATIVE[_suffix(file.name)]


def _suffix(name: str) -> str:
    return Path(_VERSION.sub("", name)).suffix.lower()


def _stem(name: str) -> str:
    return Path(_VERSION.sub("", name)).stem


def _files(folder: Path) -> Iterator[Path]:
    return _walk(folder, lambda name: Path(name).suffix.lower() in FORMATS)


def _walk(folder: Path, wanted: Callable[[str], bool]) -> Iterator[Path]:
    inside = folder.resolve()
    count = entries = 0
    for root, folders, names in os.walk(folder):
        entries += len(names)
        if entries > MOST_ENTRIES:
            return
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(root) / name
            if not wanted(name) or name.startswith((".", "~$")):
                continue
            if path.is_symlink() and not path.resolve().is_relative_to(inside):
                continue
            count += 1
            if count > MOST_FILES:
                return
            yield path


def _exact(text: str) -> str:
    return text.strip().casefold()


def _loose(text: str) -> str:
    """`text` without blanks, dashes and other signs."""
    return _SIGNS.sub("", folded(text))


def _bare(text: str) -> str:
    """`text` without what CAD and people append: a revision, "_Standard", a count, a leading number."""
    text = folded(text).strip()
    for _ in range(3):
        before = text
        for pattern in (_TAIL, _COUNT, _REVISION):
            text = pattern.sub("", text)
        if text == before:
            break
    return _loose(_LEADING.sub("", text)) or _loose(text)


WAYS = (("", _exact), (", signs and case aside", _loose), (", without revision and the like", _bare))


def _starts(stem: str) -> list[str]:
    """What comes before a gap in a file's name: the number of "RA-101_Base plate" and "RA-101 Base plate"."""
    found = []
    for cut in re.finditer(r"[ _]+|(?<=\w)-(?=\D)|,|\(", stem):
        start = _SIGNS.sub("", folded(stem[: cut.start()]))
        if len(start) >= 3 and any(map(str.isdigit, start)):
            found.append(start)
    return found
