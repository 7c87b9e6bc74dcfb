"""Outputs appear whole or not at all: they are written under a temporary name beside their place and moved into it."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cad2real.errors import DamagedFileError

TEMPORARY_SUFFIX = ".tmp"
OWNERS_ALONE = 0o600
WRITING = "while writing "
"""What an error from within a block is told, before the path: libraries do not say where a disk was full."""


def _temporary_name(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}{TEMPORARY_SUFFIX}")


def final_name(path: str) -> str:
    """What a temporary path of this module, or one in such a folder, will be when it is moved into its place.

    >>> final_name("data/.squares.1234.tmp/00001.jpg"), final_name("data/plain.tmp")
    ('data/squares/00001.jpg', 'data/plain.tmp')
    """
    return re.sub(rf"(?<![^/])\.([^/]+)\.\d+{re.escape(TEMPORARY_SUFFIX)}(?![^/])", r"\1", path)


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yields a temporary path beside `path`; moved onto `path` when the block ends well, deleted when it does not.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     report = Path(folder) / "report.txt"
    ...     with atomic_file(report) as temporary:
    ...         size = temporary.write_text("all of it")
    ...         print(report.exists())
    ...     print(report.read_text())
    False
    all of it
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary_name(path)
    try:
        yield temporary
        temporary.replace(path)
    except Exception as error:
        error.add_note(f"{WRITING}{path}")
        raise
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yields an empty temporary folder beside `path`; it takes the place of `path` when the block ends well. Files that
    their writer kept for their owner alone (as safetensors does) get the rights that the umask gives. What writers of
    `path` that were killed left behind is deleted first.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary_name(path)
    sweep_of_killed(path.parent, path.name)
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        yield temporary
        for file in temporary.rglob("*"):
            if file.is_file() and not file.is_symlink() and stat.S_IMODE(file.stat().st_mode) == OWNERS_ALONE:
                file.chmod(temporary.stat().st_mode & 0o666)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        temporary.replace(path)
    except Exception as error:
        error.add_note(f"{WRITING}{path}")
        raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def sweep_of_killed(folder: Path, *names: str) -> None:
    """Deletes the temporary files and folders in `folder` of processes that have ended: those made for `names`, without
    any those for all. It needs no lock, as a process that is at work keeps its own.
    """
    import psutil

    for litter in folder.glob(f".*{TEMPORARY_SUFFIX}"):
        name, _, number = litter.name.removesuffix(TEMPORARY_SUFFIX).removeprefix(".").rpartition(".")
        if name and number.isdecimal() and (not names or name in names) and not psutil.pid_exists(int(number)):
            _remove(litter)


def sweep_temporaries(folder: Path) -> None:
    """Deletes what writers that were killed left behind in `folder`. Call it only while holding the folder's lock."""
    for litter in folder.glob(f".*{TEMPORARY_SUFFIX}"):
        _remove(litter)


def _remove(litter: Path) -> None:
    if litter.is_dir() and not litter.is_symlink():
        shutil.rmtree(litter, ignore_errors=True)
    else:
        litter.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Writes `value` as indented JSON with a stable layout: equal content gives equal bytes (and DVC hashes).

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_json(Path(folder) / "parts.json", {"parts": ["bolt"]})
    ...     print((Path(folder) / "parts.json").read_text(), end="")
    {
     "parts": [
      "bolt"
     ]
    }
    """
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON text. Raises ValueError for whatever is none, also where it is nested too deeply to be read,
    for which Python has another exception.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def read_json(path: Path, *keys: str) -> Any:
    """The value in the JSON file `path`; with `keys` an object that has them. Raises OSError when it cannot be opened,
    DamagedFileError when it is anything else.
    """
    try:
        value = parse_json(path.read_text(encoding="utf-8"))
        if keys and not (isinstance(value, dict) and value.keys() >= set(keys)):
            raise ValueError(f"it needs {', '.join(keys)}")
    except ValueError as error:
        raise DamagedFileError(f"{path} is damaged ({error}).", "Run its stage again, with --force.") from None
    return value
