"""What influences results beside the artifacts: settings against dvc.lock, versions and promoted models against their
sums, caches against their checksums, what DVC remembers of earlier runs against its own names.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cad2real.checksums import discard, is_sealed, is_whole, sealed_files
from cad2real.files import atomic_file
from cad2real.layout import Layout
from flows.dvc.lock_file import yaml_as_dvc_reads
from flows.dvc.run_records import damaged_records, forget_damaged
from flows.versions.promote import PROMOTED
from flows.versions.record import COPIED_FILES, FOLDER, committed_file, read_run
from flows.versions.sums import FILE as SUMS
from flows.versions.sums import differing_files, read_sums, sha256

type Faults = Iterator[tuple[Path, str]]
NOT_YOURS = "if you did not change it, take it from a version or a backup"


def recorded_faults(root: Path, stages: dict[str, dict[str, Any]]) -> Faults:
    """Pairs of a path and what is wrong with it; `stages` are those of dvc.lock."""
    yield from _settings(root, stages)
    for folder in kept_folders(root):
        yield from differing_files(folder)
        if lacks_sums(root, folder):
            yield folder / SUMS, "missing: nothing tells whether the folder is whole; take it from git or a backup"
    for path in damaged_records(root):
        yield path, "is damaged; DVC runs the stage where it would have brought its outputs back"
    memory = _memory_of_renders(root)
    for path in (*sealed_files(Layout(root).cache), *([memory] if is_sealed(memory) else [])):
        if not is_whole(path) and path.exists():  # a run at work deletes some of its own
            yield path, "is damaged; the next run makes it again"


def kept_folders(root: Path) -> list[Path]:
    """Those of all versions and of all promoted models."""
    folders = [*(root / FOLDER).glob("[!.]*"), *(Layout(root).models / PROMOTED).glob("[!.]*")]
    return sorted(folder for folder in folders if folder.is_dir())


def lacks_sums(root: Path, folder: Path) -> bool:
    """Whether a version's or promoted model's folder was written with SHA256SUMS, as all that count their runs, and has
    none.
    """
    return not (folder / SUMS).is_file() and "sequence" in read_run(root / FOLDER / folder.name)


def _memory_of_renders(root: Path) -> Path:
    """What the renderer remembers of its parts, beside its folder (render/farm/content_hashes.py)."""
    renders = Layout(root).renders
    return renders.with_name(f".{renders.name}.contents.json")


def mend_recorded(root: Path) -> None:
    """Deletes damaged files of caches, those of a killed run as a whole, and damaged records of DVC; mends a version's
    files from the project or from git.
    """
    forget_damaged(root)
    if is_sealed(memory := _memory_of_renders(root)) and not is_whole(memory):
        discard(memory)
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
        sums = {}
    if not sums and (committed := committed_file(root, folder / SUMS)):
        with atomic_file(folder / SUMS) as temporary:
            temporary.write_bytes(committed)
        sums = read_sums(folder)
    project = {Path(name).name: root / name for name in COPIED_FILES}
    for name, expected in sums.items():
        good, path = project.get(name), folder / name
        if good is None or not good.is_file() or sha256(good) != expected or sha256_or_none(path) == expected:
            continue
        with atomic_file(path) as temporary:
            shutil.copyfile(good, temporary)


def sha256_or_none(path: Path) -> str | None:
    return sha256(path) if path.is_file() else None


def _settings(root: Path, stages: dict[str, dict[str, Any]]) -> Faults:
    """Values and commands that are not those of the last run."""
    recorded: dict[str, dict[str, Any]] = {}
    for stage in stages.values():
        for file, values in (stage.get("params") or {}).items():
            recorded.setdefault(file, {}).update(values)
    for file, values in recorded.items():
        present = yaml_as_dvc_reads(root / file)
        if not isinstance(present, dict):
            yield root / file, f"is missing or damaged; take it from {FOLDER}/ or a backup"
        elif changed := sorted(key for key, value in values.items() if _value(present, key) != value):
            yield root / file, f"{', '.join(changed)} changed since the last run; {NOT_YOURS}"
    pipeline = yaml_as_dvc_reads(root / "dvc.yaml")
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
