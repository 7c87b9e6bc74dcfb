"""dvc.lock against a second record of the same run, the version that is most like it, and against the project. Where
the version and the project say the same and dvc.lock does not, dvc.lock is damaged.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from cad2real.files import atomic_file
from flows.dvc.cache import file_hash, folder_hash
from flows.dvc.lock_file import FILE, checked_stages, yaml_as_dvc_reads
from flows.versions.record import version_folders
from flows.versions.sums import read_sums, sha256

type Field = tuple[str, ...]
ITEMS = ("deps", "outs")
OF_OTHER_STORES = {"checksum", "cloud", "etag", "files", "version_id"}  # keys that DVC knows and no stage of ours has
UNKNOWN = object()  # what the project says nothing of


def witness(root: Path) -> Path | None:
    """The folder of the version whose dvc.lock is whole and most like the project's; None where there is none."""
    lines = set(_lines(root / FILE))
    whole = [folder for folder in reversed(version_folders(root)) if _lock_is_whole(folder)]
    return min(whole, key=lambda folder: len(lines ^ set(_lines(folder / FILE))), default=None)


def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines() if path.is_file() else []


def _lock_is_whole(folder: Path) -> bool:
    try:
        return read_sums(folder).get(FILE) == sha256(folder / FILE)
    except (OSError, ValueError):
        return False


def damaged_stages(root: Path) -> tuple[list[str], dict[str, dict[str, Any]]]:
    """What is wrong in dvc.lock, and the stages as they should stand there. Where it cannot be read at all, the stages
    are those of the version whose outputs the project still has. Both are empty where nothing is wrong.
    """
    version = witness(root)
    if version is None or _lines(version / FILE) == _lines(root / FILE):
        return [], {}
    said, recorded = yaml_as_dvc_reads(root / FILE), yaml_as_dvc_reads(version / FILE)
    project = _Project(root)
    kept = {name: stage for name, stage in recorded["stages"].items() if project.has_outputs_of(name, stage)}
    try:
        stages = checked_stages(said["stages"])
    except (KeyError, ValueError, AttributeError, TypeError):
        state = "cannot be read" if (root / FILE).exists() else "missing"
        return [f"{state}; `cad2real verify --repair` takes from the version {version.name} what is still so"], kept
    wrong_stages = {}
    for name, stage in kept.items():
        before, now = dict(_fields(name, stage)), dict(_fields(name, stages.get(name)))
        differing = [field for field in sorted(before | now) if before.get(field) != now.get(field)]
        if wrong := [field for field in differing if project.value(field) == before.get(field)]:
            what = ", ".join(" ".join(field[1:]) for field in wrong[:3])
            wrong_stages[name] = f"{name}: {what} is not what the version {version.name} and the project say"
    if said.get("schema") != recorded.get("schema"):
        wrong_stages["schema"] = f"the schema is not that of the version {version.name}"
    mended = {name: kept[name] if name in wrong_stages else stage for name, stage in (kept | stages).items()}
    return list(wrong_stages.values()), mended if wrong_stages else {}


def mend_lock(root: Path) -> None:
    """Takes what is wrong in dvc.lock from the version; a stage that it then lacks runs again."""
    faults, stages = damaged_stages(root)
    if faults:
        with atomic_file(root / FILE) as temporary, temporary.open("w", encoding="utf-8") as file:
            YAML(typ="safe", pure=True).dump({"schema": "2.0", "stages": stages}, file)


def _fields(name: str, stage: Any) -> Iterator[tuple[Field, Any]]:
    """Each value of a stage with where it stands: ("adapt", "deps", "data/squares", "md5")."""
    for key, value in stage.items() if isinstance(stage, dict) else ():
        if key in ITEMS and isinstance(value, list):
            value = {str(item.get("path")): item for item in value if isinstance(item, dict)}
        if not isinstance(value, dict):
            yield (name, str(key)), value
            continue
        for path, item in value.items():
            for word, content in item.items() if isinstance(item, dict) else {"": item}.items():
                yield (name, str(key), str(path), str(word)), content


class _Project:
    """What the project itself says of a field of dvc.lock. Files are read once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._hashes: dict[str, str | None] = {}
        self._files: dict[str, Any] = {}

    def has_outputs_of(self, name: str, stage: dict[str, Any]) -> bool:
        """Whether dvc.yaml has the stage, and the project what the record says that the stage wrote."""
        known = name in (self._yaml("dvc.yaml").get("stages") or {})
        return known and all(self._hash(item["path"]) == item.get("md5") for item in stage.get("outs", []))

    def value(self, field: Field) -> object:
        """What the field should be, None where it should not be, UNKNOWN where the project does not tell."""
        name, key, *rest = field
        if key == "cmd":
            return self._yaml("dvc.yaml")["stages"][name].get("cmd")
        if key == "params" and len(rest) == 2:
            value: object = self._yaml(rest[0])
            for word in rest[1].split("."):
                value = value.get(word) if isinstance(value, dict) else None
            return value
        return self._of_item(*rest) if key in ITEMS and len(rest) == 2 else None

    def _of_item(self, path: str, key: str) -> object:
        place = self._root / path
        files = [file for file in place.rglob("*") if file.is_file()] if place.is_dir() else [place]
        if key in OF_OTHER_STORES or (key == "isexec" and os.access(place, os.X_OK)):
            return UNKNOWN
        if not place.exists() or key not in ("path", "hash", "md5", "size", "nfiles"):
            return None
        if key == "nfiles":
            return len(files) if place.is_dir() else None
        if key == "size":
            return sum(file.stat().st_size for file in files)
        return {"path": path, "hash": "md5", "md5": self._hash(path)}[key]

    def _hash(self, path: str) -> str | None:
        if path not in self._hashes:
            place = self._root / path
            self._hashes[path] = folder_hash(place) if place.is_dir() else file_hash(place) if place.is_file() else None
        return self._hashes[path]

    def _yaml(self, file: str) -> dict[str, Any]:
        if file not in self._files:
            content = yaml_as_dvc_reads(self._root / file)
            self._files[file] = content if isinstance(content, dict) else {}
        known: dict[str, Any] = self._files[file]
        return known
