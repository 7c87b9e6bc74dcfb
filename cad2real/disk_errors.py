"""A full or read-only disk in words: whatever was being written there, the remedy is the same."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

from cad2real.errors import UserError
from cad2real.files import WRITING, final_name

LEAST_ROOM = 1_000_000
"""Bytes; with less a disk is as good as full."""
REMEDIES = {
    errno.ENOSPC: "Make room there and run the same again.",
    errno.EDQUOT: "Make room there and run the same again.",
    errno.EROFS: "Make it writable, or work in a copy elsewhere.",
    errno.EACCES: "Give yourself the right, or work in a copy elsewhere.",
    errno.EPERM: "Give yourself the right, or work in a copy elsewhere.",
}


def disk_error(error: BaseException) -> UserError | None:
    """What `error`, or one that it came from, says about the disk; None where none does. Libraries whose errors have
    another type (safetensors, SQLite) quote the system's words; where they name no file, the output that was being
    written is named.

    >>> print(disk_error(OSError(errno.ENOSPC, "No space left on device", "data/index")))
    data/index: No space left on device. Make room there and run the same again.
    >>> disk_error(OSError(errno.ENOENT, "No such file or directory", "data/index"))
    """
    for cause in causes(error):
        for number, remedy in REMEDIES.items():
            words = os.strerror(number)
            if (isinstance(cause, OSError) and cause.errno == number) or words in str(cause):
                return UserError(f"{_place(cause)}: {words}.", remedy)
    return None


def no_room(folder: Path) -> UserError | None:
    """What the disk of `folder` says of itself when it is full or read-only; None where it is neither. For programs
    that fail over it in words of their own ("disk I/O error").
    """
    try:
        said = os.statvfs(folder)
    except OSError:
        return None
    if said.f_flag & os.ST_RDONLY:
        return UserError(f"{folder}: {os.strerror(errno.EROFS)}.", REMEDIES[errno.EROFS])
    if said.f_bavail * said.f_frsize < LEAST_ROOM:
        return UserError(f"{folder}: {os.strerror(errno.ENOSPC)}.", REMEDIES[errno.ENOSPC])
    return None


def causes(error: BaseException) -> Iterator[BaseException]:
    """`error`, and those that it came from."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__


def _place(error: BaseException) -> str:
    """The file that `error` is about, or the output that was being written."""
    for place in ("filename2", "filename"):  # of a copy the second is the one that is written
        name = getattr(error, place, None)
        if isinstance(name, str | bytes):
            return final_name(os.fsdecode(name))
    notes = getattr(error, "__notes__", ())
    return next((note.removeprefix(WRITING) for note in notes if note.startswith(WRITING)), "disk")
