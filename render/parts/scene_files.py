"""USD and .blend files: only Blender reads them, so a Blender process of its own does it, and we take its meshes."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cad2real.files import parse_json
from cad2real.import_path import PYTHON
from render.file_signatures import has_signature

FORMATS = (".usd", ".usda", ".usdc", ".usdz", ".blend")
LIMIT_S = 600.0
MAX_TRIANGLES = 10_000_000
MEMORY = 4 * 1024**3
"""Bytes that one file may take beside what the libraries that read it have reserved."""
UNUSABLE = 3
"""Exit code of a reader that says on its last line what is wrong with the file."""

Raw = tuple[str, NDArray[np.float64], NDArray[np.int64]]
"""A body's name, its vertices (n, 3) in metres and its triangles (m, 3)."""


class SceneError(Exception):
    """Why a file cannot be read, for people."""


def read_scene(path: Path) -> list[Raw]:
    """The visible meshes of the USD or .blend file `path`. Raises SceneError."""
    if not has_signature(path, path.suffix.lower()):
        raise SceneError("it does not begin as such a file does")
    with tempfile.TemporaryDirectory(prefix="cad2real-scene-") as folder:
        out = Path(folder) / "bodies.npz"
        if path.suffix.lower() != ".blend":
            _run([*PYTHON, "-m", "render.parts.usd_files", str(path.resolve())], folder)
        _run([*PYTHON, "-m", "render.blender.scenes", str(path.resolve()), str(out)], folder)
        return _load_bodies(out)


def _run(command: list[str], folder: str) -> None:
    """Runs one of our readers in `folder`. Raises SceneError with what it says of the file."""
    home = str(Path(__file__).parents[2])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH")]))}
    try:
        done = subprocess.run(
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LIMIT_S,
        )
    except subprocess.TimeoutExpired:
        raise SceneError(f"its reader was not done after {LIMIT_S:.0f} s") from None
    if done.returncode:
        lines = done.stderr.strip().splitlines() if done.returncode == UNUSABLE else []
        crashed = f"its reader ended with exit code {done.returncode} on it: it is damaged or takes too much memory"
        raise SceneError(lines[-1][:300] if lines else crashed)


def save_bodies(path: Path, bodies: list[Raw]) -> None:
    """Writes `bodies` for `read_scene`."""
    arrays: dict[str, NDArray[np.generic]] = {}
    for number, (_, vertices, triangles) in enumerate(bodies):
        arrays |= {f"vertices_{number}": vertices, f"triangles_{number}": triangles}
    names = np.frombuffer(json.dumps([name for name, _, _ in bodies]).encode(), np.uint8)
    np.savez(path, allow_pickle=False, names=names, **arrays)


def _load_bodies(path: Path) -> list[Raw]:
    with np.load(path, allow_pickle=False) as arrays:
        names = parse_json(arrays["names"].tobytes())
        return [
            (str(name), arrays[f"vertices_{number}"], arrays[f"triangles_{number}"])
            for number, name in enumerate(names)
        ]
