"""How large each CAD file's part is. Reading a STEP file takes up to seconds, so sizes are kept from run to run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cad2real.checksums import is_kept, seal
from cad2real.files import parse_json, write_json
from render.parts import geometry
from render.parts.cad_reader import Measured


class SizeCache:
    """Sizes in mm and counts of triangles as `measure` finds them (`CadReader.measure`), kept in the file `memory` from
    run to run (None: not kept).
    """

    def __init__(self, memory: Path | None, measure: Callable[[Path, str], Measured]) -> None:
        self.memory = memory
        self._measure = measure
        self.reader = _reader()
        self._known = _load(memory, self.reader)
        self._used: dict[str, Any] = {}

    def measure(self, path: Path, units: str, digest: str) -> Measured:
        """Size and triangles of the CAD file `path`, whose bytes have the hash `digest`. Raises GeometryError."""
        key = f"{digest} {path.suffix.lower()} {units}"
        if key not in self._known:
            size, triangles = self._measure(path, units)
            self._known[key] = [list(size), triangles]
        self._used[key] = self._known[key]
        (x, y, z), triangles = self._known[key]
        return (x, y, z), triangles

    def save(self) -> None:
        """Writes what was asked for this time, and forgets the rest."""
        if self.memory is not None:
            write_json(self.memory, {"reader": self.reader, "measured": self._used})
            seal(self.memory)


def _reader() -> str:
    """What reads CAD: our code and the libraries. Another one may measure otherwise."""
    code = hashlib.sha256(Path(geometry.__file__).read_bytes()).hexdigest()
    return " ".join([code, *(f"{name} {version(name)}" for name in ("trimesh", "cascadio", "numpy"))])


def _load(memory: Path | None, reader: str) -> dict[str, Any]:
    if memory is None or not is_kept(memory):
        return {}
    try:
        saved = parse_json(memory.read_bytes())
        known = saved["measured"] if saved["reader"] == reader else {}
        return {key: [[x, y, z], triangles] for key, ([x, y, z], triangles) in known.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}
