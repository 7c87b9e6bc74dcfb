"""How large each CAD file's part is. Reading a STEP file takes up to seconds, so sizes are kept from run to run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cad2real.checksums import is_kept, seal
from cad2real.files import parse_json, write_json
from render.materials import surface_colors
from render.parts import cad_reader, geometry, mesh_files, step_files, step_text, threemf_files
from render.parts.cad_reader import Measured


class SizeCache:
    """What CAD files hold, as `measure` finds it (`CadReader.measure`), kept in the file `memory` from run to run
    (None: not kept).
    """

    def __init__(self, memory: Path | None, measure: Callable[[Path, str], Measured]) -> None:
        self.memory = memory
        self._measure = measure
        self.reader = _reader()
        self._known = _load(memory, self.reader)
        self._used: dict[str, Measured] = {}

    def measure(self, path: Path, units: str, digest: str) -> Measured:
        """What the CAD file `path` holds, whose bytes have the hash `digest`. Raises GeometryError."""
        key = f"{digest} {path.suffix.lower()} {units}"
        if key not in self._known:
            self._known[key] = self._measure(path, units)
        self._used[key] = self._known[key]
        return self._known[key]

    def save(self) -> None:
        """Writes what was asked for this time, and forgets the rest."""
        if self.memory is not None:
            write_json(
                self.memory,
                {"reader": self.reader, "measured": {key: asdict(used) for key, used in self._used.items()}},
            )
            seal(self.memory)


def _reader() -> str:
    """What reads CAD: our code and the libraries. Another one may measure otherwise."""
    code = hashlib.sha256()
    for module in (cad_reader, geometry, mesh_files, step_files, step_text, threemf_files, surface_colors):
        code.update(Path(str(module.__file__)).read_bytes())
    return " ".join([code.hexdigest(), *(f"{name} {version(name)}" for name in ("trimesh", "cascadio", "numpy"))])


def _measured(said: dict[str, Any]) -> Measured:
    x, y, z = said["size_mm"]
    return Measured((x, y, z), said["triangles"], said["has_materials"], tuple(said["notes"]))


def _load(memory: Path | None, reader: str) -> dict[str, Measured]:
    if memory is None or not is_kept(memory):
        return {}
    try:
        saved = parse_json(memory.read_bytes())
        known = saved["measured"] if saved["reader"] == reader else {}
        return {key: _measured(said) for key, said in known.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}
