"""code.yaml: what the installed rooms' code is, so that a new version of cad2real reruns a user's stages.

The repository's own dvc.yaml names the rooms' folders instead.
"""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

import yaml

from cad2real.errors import UserError
from cad2real.files import write_text

FILE = "code.yaml"
ROOMS = ("flows", "photos", "render", "search", "train")
CODE = {".py", ".j2"}


def code_version(room: str) -> str:
    """A short hash over the names and contents of the installed room's source files."""
    spec = importlib.util.find_spec(room)
    if spec is None or not spec.submodule_search_locations:
        raise UserError(f"The package {room} is not installed.", "Install cad2real again.")
    folder = Path(next(iter(spec.submodule_search_locations)))
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in CODE:
            digest.update(f"{path.relative_to(folder).as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def refresh(root: Path) -> None:
    """Brings code.yaml of the project at `root` up to date, if the project has one."""
    path = root / FILE
    if path.exists():
        text = "# Written by `cad2real run`: what code made the artifacts.\n"
        text += yaml.safe_dump({room: code_version(room) for room in ROOMS})
        if path.read_text(encoding="utf-8") != text:
            write_text(path, text)


def changed_rooms(root: Path) -> list[str]:
    """The rooms whose code is not the one that code.yaml of the project at `root` names: the next run will use it."""
    path = root / FILE
    if not path.exists():
        return []
    said = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    return [room for room in ROOMS if said.get(room) != code_version(room)]
