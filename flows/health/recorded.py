"""What influences results beside the artifacts: settings against dvc.lock, versions and promoted models against their
sums, caches against their checksums.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from cad2real.checksums import is_whole, sealed_files
from cad2real.files import atomic_file
from cad2real.layout import Layout
from flows.versions.promote import PROMOTED
from flows.versions.record import COPIED_FILES, FOLDER
from flows.versions.sums import differing_files, read_sums, sha256

type Faults = Iterator[tuple[Path, str]]
NOT_YOURS = "if you did not change it, take it from a version or a backup"


def recorded_faults(root: Path) -> Faults:
    """Pairs of a path and what is wrong with it."""
    yield from _settings(root)
    for folder in kept_folders(root):
        yield from differing_files(folder)
    for path in sealed_files(Layout(root).cache):
        if not is_whole(path) and path.exists():  # a run at work deletes some of its own
            yield path, "is damaged; the next run makes it again"


def kept_folders(root: Path) -> list[Path]:
    """Those of all versions and of all promoted models."""
    folders = [*(root / FOLDER).glob("[!.]*"), *(Layout(root).models / PROMOTED).glob("[!.]*")]
    return sorted(folder for folder in folders if folder.is_dir())


def mend_recorded(root: Path) -> None:
    """Deletes damaged files of caches, those of a killed run as a whole, and mends a version's from the project."""
    cache = Layout(root).cache
    for path in list(sealed_files(cache)):
        if not is_whole(path):
            entry = cache / path.relative_to(cache).parts[0]
            shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink(missing_ok=True)
    for folder in kept_folders(root):
        _mend_version(root, folder)


def _mend_version(root: Path, folder: Path) -> None:
    try:
        sums = read_sums(folder)
    except ValueError:
        return
    project = {Path(name).name: root / name for name in COPIED_FILES}
    for name, expected in sums.items():
        good, path = project.get(name), folder / name
        if good is None or not good.is_file() or sha256(good) != expected or sha256_or_none(path) == expected:
            continue
        with atomic_file(path) as temporary:
            shutil.copyfile(good, temporary)


def sha256_or_none(path: Path) -> str | None:
    return sha256(path) if path.is_file() else None


def _settings(root: Path) -> Faults:
    """Values and commands that are not those of the last run. DVC's YAML (1.2) is read as DVC reads it."""
    lock = _yaml(root / "dvc.lock")  # whose shape `verify` has looked at
    stages = lock.get("stages", {}) if isinstance(lock, dict) else {}
    recorded: dict[str, dict[str, Any]] = {}
    for stage in stages.values():
        for file, values in (stage.get("params") or {}).items():
            recorded.setdefault(file, {}).update(values)
    for file, values in recorded.items():
        present = _yaml(root / file)
        if not isinstance(present, dict):
            yield root / file, f"is missing or damaged; take it from {FOLDER}/ or a backup"
        elif changed := sorted(key for key, value in values.items() if _value(present, key) != value):
            yield root / file, f"{', '.join(changed)} changed since the last run; {NOT_YOURS}"
    pipeline = _yaml(root / "dvc.yaml")
    commands = pipeline.get("stages") if isinstance(pipeline, dict) else None
    if not isinstance(commands, dict):
        yield root / "dvc.yaml", "is missing or damaged; take it from a backup"
        return
    for name, stage in stages.items():
        if name in commands and (commands[name] or {}).get("cmd") != stage.get("cmd"):
            yield root / "dvc.yaml", f"the command of {name} changed since the last run; {NOT_YOURS}"


def _value(present: dict[str, Any], key: str) -> Any:
    """The value of a dotted key, None where there is none."""
    value: Any = present
    for word in key.split("."):
        value = value.get(word) if isinstance(value, dict) else None
    return value


def _yaml(path: Path) -> Any:
    try:
        return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, YAMLError, RecursionError):
        return None
