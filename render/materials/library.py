"""A user's own material library: .blend files whose materials are used by the names that stand in the part list."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from cad2real.errors import UserError
from render.file_signatures import has_signature

BLEND = ".blend"


class LibraryError(Exception):
    """A material of the library that cannot be used: one line for people with the remedy in it."""


def find_library(path: Path) -> tuple[Path, ...]:
    """The .blend files of a library, which is one file or a folder of them, by name. Raises UserError without any."""
    files = [path] if path.suffix.lower() == BLEND else sorted(path.glob(f"*{BLEND}")) if path.is_dir() else []
    found = tuple(file for file in files if file.is_file())
    if not found:
        raise UserError(
            f"{path} is neither a {BLEND} file nor a folder with one.", "Correct render.material_library, or set null."
        )
    for file in found:
        if not has_signature(file, BLEND):
            raise UserError(f"{file} is not a {BLEND} file.", "Save it again in Blender, or remove it.")
    return found


def library_key(files: tuple[Path, ...]) -> str:
    """A hash of what the files hold; empty without any. Pictures that are not packed into them are not in it."""
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest() if files else ""


def plain_name(words: str) -> str:
    """A material's name as it is compared: without capitals, doubled spaces and underscores.

    >>> plain_name("Brushed_Steel  01")
    'brushed steel 01'
    """
    return re.sub(r"[\s_]+", " ", words.strip().lower())
