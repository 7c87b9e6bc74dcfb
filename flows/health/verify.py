"""`cad2real verify`: reads every artifact and every file of DVC's cache again and compares them with their hashes.

DVC itself trusts a file whose size and time have not changed; this does not.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cad2real.errors import UserError
from cad2real.files import atomic_file
from cad2real.quoting import quoted
from flows.dvc.cache import (
    DIRECTORY,
    cache_path,
    cached_digests,
    file_hash,
    folder_hash,
    keep_folder_list,
    read_folder_list,
    seen_files,
)
from flows.dvc.commands import run_dvc
from flows.dvc.lock_file import FILE, read_lock
from flows.health.consistency import consistency_faults
from flows.health.recorded import mend_recorded, recorded_faults
from flows.health.second_record import damaged_stages, mend_lock
from flows.project import project_lock
from flows.versions.record import keep_input_lists

METRICS = "metrics.json"
CHANGED = "has changed since the last run; if you did not change it, take it from a backup"


@dataclass(frozen=True)
class Fault:
    """A file that is not what it should be. `path` is relative to the project."""

    path: str
    what: str

    def __str__(self) -> str:
        return quoted(f"{self.path}: {self.what}")


def verify(root: Path, *, deep: bool) -> list[Fault]:
    """All faults of the project's artifacts, inputs, settings, versions and caches, DVC's among them. With `deep` also
    those of older versions in DVC's cache, and whether pictures decode and model, index and renders fit together.
    Raises UserError when nothing has run yet.
    """
    lock_faults, mended = damaged_stages(root)
    lock = mended or _read_lock(root)
    faults = [Fault(FILE, what) for what in lock_faults]
    faults += _cache_faults(root, None if deep else _referenced(root, lock))
    for stage in lock.values():
        for item in stage.get("outs", []):
            faults += _artifact_faults(root, item["path"], str(item.get("md5", "")))
        for item in stage.get("deps", []):
            if item["path"].startswith("data/") and _is_input(item["path"], lock):
                faults += _input_faults(root, item["path"], str(item.get("md5", "")))
    faults += [Fault(path.relative_to(root).as_posix(), what) for path, what in recorded_faults(root, lock)]
    if deep:
        known = {fault.path for fault in faults}
        faults += [Fault(path, what) for path, what in consistency_faults(root) if path not in known]
    return sorted(set(faults), key=lambda fault: fault.path)


def _read_lock(root: Path) -> dict[str, dict[str, Any]]:
    path = root / FILE
    if not path.exists():
        raise UserError("There is no dvc.lock here: nothing has run yet.", "Run: cad2real run")
    return read_lock(path)


def _is_input(path: str, lock: dict[str, dict[str, Any]]) -> bool:
    """Whether a dependency is no output of a stage, and lies in none."""
    outs = [out["path"] for stage in lock.values() for out in stage.get("outs", [])]
    return not any(path == out or path.startswith(f"{out}/") for out in outs)


def _referenced(root: Path, lock: dict[str, dict[str, Any]]) -> set[str]:
    """The hashes of everything that dvc.lock says should be in the cache."""
    expected = set()
    for stage in lock.values():
        for item in stage.get("outs", []):
            digest = str(item.get("md5", ""))
            if item["path"].endswith(METRICS):  # not in the cache, so that git can keep it
                continue
            expected.add(digest)
            if digest.endswith(DIRECTORY):
                expected |= set((read_folder_list(root, digest) or {}).values())
        # Lists of input folders are a help only: one that is not there is no fault.
        inputs = {str(item.get("md5", "")) for item in stage.get("deps", []) if item["path"].startswith("data/")}
        expected |= {name for name in inputs if name.endswith(DIRECTORY) and cache_path(root, name).exists()}
    return expected


def _cache_faults(root: Path, digests: set[str] | None) -> Iterator[Fault]:
    """Faults of the cache's files with these hashes, or of all (None)."""
    if digests is None:
        digests = cached_digests(root)
    for digest in sorted(digests):
        path = cache_path(root, digest)
        shown = path.relative_to(root).as_posix()
        if not path.is_file():
            yield Fault(shown, "missing from DVC's cache")
        elif file_hash(path) != digest.removesuffix(DIRECTORY):
            yield Fault(shown, "damaged in DVC's cache")


def _artifact_faults(root: Path, path: str, digest: str) -> Iterator[Fault]:
    """Faults of one artifact, file by file."""
    place = root / path
    if not digest.endswith(DIRECTORY):
        if not place.is_file():
            yield Fault(path, "missing")
        elif file_hash(place) != digest:
            yield Fault(path, "is not what the run wrote")
        return
    listing = read_folder_list(root, digest)
    if listing is None:
        if not place.is_dir() or folder_hash(place) != digest:
            yield Fault(path, "cannot be checked file by file: its list in DVC's cache is missing or damaged")
        return
    for name, expected in listing.items():
        if not (place / name).is_file():
            yield Fault(f"{path}/{name}", "missing")
        elif file_hash(place / name) != expected:
            yield Fault(f"{path}/{name}", "is not what the run wrote")
    for surplus in sorted(file.relative_to(place).as_posix() for file in seen_files(place)):
        if surplus not in listing:
            yield Fault(f"{path}/{surplus}", "was not there when the run ended")


def _input_faults(root: Path, path: str, digest: str) -> Iterator[Fault]:
    place = root / path
    if not place.exists():
        yield Fault(path, "missing")
    elif (folder_hash(place) if place.is_dir() else file_hash(place)) != digest:
        files = list(_changed_inputs(root, path, digest)) if place.is_dir() else []
        yield from files or [Fault(path, CHANGED)]


def _changed_inputs(root: Path, path: str, digest: str) -> Iterator[Fault]:
    """Faults of an input folder file by file, none where its list is not in DVC's cache."""
    before = read_folder_list(root, digest)
    if before is None:
        return
    now = {file.relative_to(root / path).as_posix(): file for file in seen_files(root / path)}
    for name, expected in before.items():
        if name not in now:
            yield Fault(f"{path}/{name}", "missing")
        elif file_hash(now[name]) != expected:
            yield Fault(f"{path}/{name}", CHANGED)
    for name in now.keys() - before.keys():
        yield Fault(f"{path}/{name}", "was added since the last run")


def repair(root: Path) -> list[Fault]:
    """Mends what it can, from the good copies in the project, the cache and the remote; returns what is left.

    Faulty artifacts without a good copy are deleted, so that the next run makes them again.
    """
    with project_lock(root):
        mend_lock(root)
        lock = _read_lock(root)
        mend_recorded(root)
        _refill_cache(root, lock)
        keep_input_lists(root)
        _mend_metrics(root, lock)
        artifacts = [item["path"] for stage in lock.values() for item in stage.get("outs", [])]
        faulty = {fault.path for fault in verify(root, deep=False)}
        for path in artifacts:
            if not any(fault == path or fault.startswith(f"{path}/") for fault in faulty):
                continue
            # DVC would believe in a damaged file of the same size and time, so it has to go first.
            for fault in faulty:
                if fault == path or fault.startswith(f"{path}/"):
                    _remove(root / fault)
            for command in (["checkout", "--force", path], ["pull", path]):
                if run_dvc(root, *command).returncode == 0:
                    break
        return verify(root, deep=True)


def _refill_cache(root: Path, lock: dict[str, dict[str, Any]]) -> None:
    """Removes damaged files of the cache and puts those back of which the artifacts are good copies."""
    damaged = set()
    for digest in cached_digests(root):
        if any(_cache_faults(root, {digest})):
            damaged.add(digest)
            _remove(cache_path(root, digest))
    for stage in lock.values():
        for item in stage.get("outs", []):
            place, digest = root / item["path"], str(item.get("md5", ""))
            if place.is_dir():
                good = {file_hash(file): file for file in place.rglob("*") if file.is_file()}
                keep_folder_list(root, place, digest)
                copies = {name: good[name] for name in (read_folder_list(root, digest) or {}).values() if name in good}
            else:
                copies = {digest: place} if place.is_file() and file_hash(place) == digest else {}
            for name, file in copies.items():
                target = cache_path(root, name)
                if not target.exists() and (name in damaged or not item["path"].endswith(METRICS)):
                    with atomic_file(target) as temporary:
                        shutil.copyfile(file, temporary)
                    target.chmod(0o444)


def _mend_metrics(root: Path, lock: dict[str, dict[str, Any]]) -> None:
    """Takes a damaged metrics.json, which `dvc checkout` does not bring back, from DVC's cache or from a version."""
    for stage in lock.values():
        for item in stage.get("outs", []):
            place, digest = root / item["path"], str(item.get("md5", ""))
            if not item["path"].endswith(METRICS) or (place.is_file() and file_hash(place) == digest):
                continue
            for good in (cache_path(root, digest), *(root / "versions").glob(f"*/{METRICS}")):
                if good.is_file() and file_hash(good) == digest:
                    with atomic_file(place) as temporary:
                        shutil.copyfile(good, temporary)
                    break


def _remove(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
