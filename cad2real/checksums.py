"""Checksums beside the files of caches: what a disk damaged since it was written is noticed by its reader, and made
again.

They are of CRC-32, which finds accidents and costs little more than reading. Nobody who may write into a project needs
to damage its caches to do harm, so no stronger hash is needed here.
"""

from __future__ import annotations

import json
import stat
import sys
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from os import cpu_count
from pathlib import Path
from typing import Any

from cad2real.files import OWNERS_ALONE, TEMPORARY_SUFFIX, atomic_file, parse_json, write_text

SUFFIX = ".sum"
BLOCK = 1 << 23  # bytes of one checksum: several threads share a large file and hold no more than this each


@contextmanager
def sealed_file(path: Path) -> Iterator[Path]:
    """As `atomic_file`, and writes the checksums of what was written beside it. A file that its writer kept for its
    owner alone (as safetensors does) gets the rights that the umask gives, as in `atomic_folder`.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     kept = Path(folder) / "kept.bin"
    ...     with sealed_file(kept) as temporary:
    ...         _ = temporary.write_bytes(b"features")
    ...     print(is_whole(kept), kept.write_bytes(b"feetures"), is_whole(kept))
    True 8 False
    """
    with atomic_file(path) as temporary:
        yield temporary
        seal(path, temporary)
        if stat.S_IMODE(temporary.stat().st_mode) == OWNERS_ALONE:
            temporary.chmod(_beside(path).stat().st_mode & 0o666)


def seal(path: Path, content: Path | None = None) -> None:
    """Writes the checksums of the file `content` (`path` where it is None), which is or will be at `path`. Those of the
    file that it replaces stay: a process that is killed before it has replaced it leaves a whole file too.
    """
    sums = [_sum_of(content or path), *_known(path)[:1]]
    write_text(_beside(path), "\n".join(json.dumps(entry) for entry in sums) + "\n")


def is_whole(path: Path) -> bool:
    """Whether the file is there and is what was sealed. Reads all of it."""
    known = _known(path)
    try:
        return bool(known) and _sum_of(path) in known
    except OSError:  # also where the disk cannot read it
        return False


def is_sealed(path: Path) -> bool:
    """Whether the file is there and has checksums."""
    return path.is_file() and _beside(path).is_file()


def is_kept(path: Path) -> bool:
    """`is_whole`, and says in a line on standard error why a file that is there is not kept."""
    if not path.exists():
        return False
    if whole := is_whole(path):
        return whole
    what = "is damaged" if _known(path) else "has no checksums (caches of before had none)"
    print(f"{path} {what}: it is made again.", file=sys.stderr)
    return False


def discard(path: Path) -> None:
    """Deletes a sealed file, if it is there, and its checksums."""
    path.unlink(missing_ok=True)
    _beside(path).unlink(missing_ok=True)


def damaged_files(folder: Path) -> list[Path]:
    """All files below `folder` that are not what was sealed, or were never. Names that begin with a dot (locks, files
    of a writer at work) do not count.
    """
    found = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return [path for path in found if path.suffix not in (SUFFIX, TEMPORARY_SUFFIX) and not is_whole(path)]


def sealed_files(folder: Path) -> Iterator[Path]:
    """All files below `folder` that have checksums and are there."""
    for sums in sorted(folder.rglob(f"[!.]*{SUFFIX}")):
        if (path := sums.with_name(sums.name.removesuffix(SUFFIX))).is_file():
            yield path


def _beside(path: Path) -> Path:
    return path.with_name(path.name + SUFFIX)


def _known(path: Path) -> list[Any]:
    try:
        return [parse_json(line) for line in _beside(path).read_bytes().splitlines()]
    except (OSError, ValueError):
        return []


def _sum_of(path: Path) -> list[int]:
    """The size of the file in bytes, and the CRC-32 of each block."""
    size = path.stat().st_size

    def crc(start: int) -> int:
        with path.open("rb") as stream:
            stream.seek(start)
            return zlib.crc32(stream.read(BLOCK))

    if size <= BLOCK:
        return [size, crc(0)]
    with ThreadPoolExecutor(cpu_count()) as pool:  # zlib lets other threads run
        return [size, *pool.map(crc, range(0, size, BLOCK))]
