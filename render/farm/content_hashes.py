"""What rendered parts hold, as one hash a part. Whoever depends on the renders looks at these, in renders.json, and not
at every picture: with 1,000 parts DVC would need seconds a stage for that.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from cad2real.checksums import is_whole, sealed_file
from cad2real.files import parse_json, write_json


def content_hashes(out: Path, part_ids: Iterable[str], memory: Path) -> dict[str, str]:
    """The hash of all files of each part below `out`.

    Parts whose files have the sizes and times that `memory` says are not read again, as DVC and git do it. A memory
    that is damaged is not believed.
    """
    known = _remembered(memory)
    found = {}
    for part_id in part_ids:
        state = _state(out / part_id)
        remembered, content = known.get(part_id, ("", ""))
        found[part_id] = (state, content if remembered == state else _content(out / part_id))
    with sealed_file(memory) as temporary:
        write_json(temporary, found)
    return {part_id: content for part_id, (_, content) in found.items()}


def _remembered(memory: Path) -> dict[str, tuple[str, str]]:
    if not is_whole(memory):
        return {}
    try:
        return {part_id: (state, content) for part_id, (state, content) in parse_json(memory.read_bytes()).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _state(folder: Path) -> str:
    """Another one when a file was written, came or went."""
    digest = hashlib.sha256()
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            stat = entry.stat()
            digest.update(f"{entry.name}\0{stat.st_size} {stat.st_mtime_ns} {stat.st_ino}\0".encode())
    return digest.hexdigest()


def _content(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        with path.open("rb") as file:
            digest.update(f"{path.name}\0{hashlib.file_digest(file, 'sha256').hexdigest()}\0".encode())
    return digest.hexdigest()
