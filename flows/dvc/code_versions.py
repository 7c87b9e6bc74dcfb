"""code.yaml: what the installed code is, file by file, so that a new version of cad2real reruns a user's stages.

A stage of a user's dvc.yaml names the sub-packages that it runs through (`code.yaml: [render.parts, render.seeds]`), so
that a change in the report makes no render stale. The repository's own dvc.yaml names the files themselves.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path

import yaml

from cad2real.errors import UserError
from cad2real.files import write_text

FILE = "code.yaml"
ROOMS = ("flows", "photos", "render", "search", "train")
CODE = {".py", ".j2"}

type Versions = dict[str, "str | Versions"]
"""A hash for each module and sub-package, by its name; a folder without modules is one hash."""


def code_versions(room: str) -> Versions:
    """The installed room's modules, each with a short hash of its source.

    Raises UserError when the room is not installed.
    """
    spec = importlib.util.find_spec(room)
    if spec is None or not spec.submodule_search_locations:
        raise UserError(f"The package {room} is not installed.", "Install cad2real again.")
    return _versions(Path(next(iter(spec.submodule_search_locations))))


def code_version(room: str) -> str:
    """One short hash of all modules of the installed room."""
    return _short(json.dumps(code_versions(room), sort_keys=True).encode())


def refresh(root: Path) -> None:
    """Brings code.yaml of the project at `root` up to date, if the project has one."""
    path = root / FILE
    if path.exists():
        text = "# Written by `cad2real run`: what code made the artifacts.\n"
        text += yaml.safe_dump({room: code_versions(room) for room in ROOMS})
        if path.read_text(encoding="utf-8") != text:
            write_text(path, text)


def changed_rooms(root: Path) -> list[str]:
    """The rooms whose code is not the one that code.yaml of the project at `root` names: the next run will use it."""
    path = root / FILE
    if not path.exists():
        return []
    recorded = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    return [room for room in ROOMS if recorded.get(room) != code_versions(room)]


def _versions(folder: Path) -> Versions:
    found: Versions = {}
    for path in sorted(folder.iterdir()):
        if path.suffix == ".py":
            found[path.stem] = _short(path.read_bytes())
        elif path.suffix == ".yaml":  # rules and vocabularies decide as code does
            found[path.name] = _short(path.read_bytes())
        elif path.is_dir() and any(path.glob("*.py")):
            found[path.name] = _versions(path)
        elif path.is_dir() and (files := [file for file in sorted(path.iterdir()) if file.suffix in CODE]):
            found[path.name] = _short(b"".join(file.name.encode() + b"\0" + file.read_bytes() for file in files))
    return found


def _short(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
