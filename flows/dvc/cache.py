"""DVC's cache on disk: files by the hash of their content, and for each folder a list of its files and their hashes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from cad2real.files import atomic_file, parse_json
from flows.dvc.passed_over import is_readable

DIRECTORY = ".dir"  # DVC marks the hash of a folder with it
IGNORED = ("__pycache__", "*.pyc", ".*.tmp", ".DS_Store", "Thumbs.db")
"""Names that DVC passes over, as .dvcignore of every project says: what systems put beside photos by themselves."""


def file_hash(path: Path) -> str:
    """The MD5 of the file's content in hexadecimal, as DVC names it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def folder_hash(folder: Path) -> str:
    """The hash that DVC gives a folder: of the list of its files and their hashes."""
    return _text_hash(folder_list(folder))


def folder_list(folder: Path) -> str:
    """The list of the files of `folder` and their hashes, as DVC keeps it."""
    entries = [{"md5": file_hash(path), "relpath": path.relative_to(folder).as_posix()} for path in seen_files(folder)]
    entries.sort(key=lambda entry: entry["relpath"])
    return json.dumps(entries, sort_keys=True)


def seen_files(folder: Path) -> Iterator[Path]:
    """The files of `folder` and below that DVC looks at."""
    for path in folder.rglob("*"):
        names = path.relative_to(folder).parts
        is_ignored = any(fnmatchcase(name, pattern) for name in names for pattern in IGNORED)
        if path.is_file() and is_readable(path) and not is_ignored:
            yield path


def _text_hash(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() + DIRECTORY


def cache_path(root: Path, digest: str) -> Path:
    """Where the cache of the project at `root` keeps the file, or the list of the folder, with this hash."""
    return root / ".dvc" / "cache" / "files" / "md5" / digest[:2] / digest[2:]


def cached_digests(root: Path) -> set[str]:
    """The hashes of everything in the cache of the project at `root`."""
    folder = root / ".dvc" / "cache" / "files" / "md5"
    return {path.parent.name + path.name for path in folder.glob("??/*") if ".tmp" not in path.name}


def read_folder_list(root: Path, digest: str) -> dict[str, str] | None:
    """Hashes by relative path of a folder, from the cache; None when the list is missing or damaged there."""
    try:
        text = cache_path(root, digest).read_bytes()
        if hashlib.md5(text, usedforsecurity=False).hexdigest() + DIRECTORY != digest:
            return None
        return {entry["relpath"]: entry["md5"] for entry in parse_json(text)}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep_folder_list(root: Path, folder: Path, digest: str) -> None:
    """Writes the list of `folder` into the cache, where the folder has the hash `digest` and its list is not there."""
    if not folder.is_dir() or cache_path(root, digest).exists():
        return
    text = folder_list(folder)
    if _text_hash(text) == digest:
        with atomic_file(cache_path(root, digest)) as temporary:
            temporary.write_text(text, encoding="utf-8")
