"""SHA256SUMS of a folder that is kept: what its files were when it was written, as `sha256sum -c` reads it too."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

FILE = "SHA256SUMS"


def write_sums(folder: Path) -> None:
    """Writes the hashes of all files below `folder`, links left out."""
    lines = [f"{sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in _files(folder)]
    (folder / FILE).write_text("".join(lines), encoding="utf-8")


def read_sums(folder: Path) -> dict[str, str]:
    """Hashes by relative path; empty where none were written. Raises ValueError when the file is damaged."""
    try:
        lines = (folder / FILE).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    if not all(line[64:66] == "  " and len(line) > 66 for line in lines):
        raise ValueError(f"{FILE} is damaged")
    return {line[66:]: line[:64] for line in lines}


def differing_files(folder: Path) -> Iterator[tuple[Path, str]]:
    """Pairs of a file of `folder` and what is wrong with it. A folder without sums has no faults."""
    try:
        sums = read_sums(folder)
    except ValueError:
        yield folder / FILE, "is damaged"
        return
    for name, expected in sums.items():
        path = folder / name
        if not path.is_file():
            yield path, "missing"
        elif sha256(path) != expected:
            yield path, "is not what was recorded"
    for path in _files(folder) if sums else ():
        if path.relative_to(folder).as_posix() not in sums:
            yield path, "was not there when it was recorded"


def sha256(path: Path) -> str:
    """The SHA-256 of the file's content in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _files(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return [path for path in found if path != folder / FILE]
