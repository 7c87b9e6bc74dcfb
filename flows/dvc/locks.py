"""Removes stale entries, those of killed processes, from DVC's list of who reads and writes what (.dvc/tmp/rwlock).

DVC removes entries of processes that are gone, but takes a killed one for alive when its process id still exists: as a
zombie where nobody reaps orphans (most containers), or as another process. And it writes the file in place, so that
kill -9 may leave half of it, which it then refuses to read. Either would stop every run until the file is deleted.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil

from cad2real.files import parse_json, write_json

CLOCK_S = 2.0  # how far a process's start and a file's time may differ for rounding


def remove_stale_locks(root: Path) -> None:
    """Removes entries of processes that no longer run; those of others, such as a `dvc repro` of the user's, stay.

    Call it only while this program runs no DVC in the project (`flows.project.project_lock`).
    """
    path = root / ".dvc" / "tmp" / "rwlock"
    try:
        written, text = path.stat().st_mtime, path.read_text(encoding="utf-8")
    except OSError:
        return
    try:
        locks: dict[str, dict[str, Any]] = parse_json(text)
        alive = {
            "write": {at: info for at, info in locks.get("write", {}).items() if _is_alive(info, written)},
            "read": {
                at: living
                for at, infos in locks.get("read", {}).items()
                if (living := [info for info in infos if _is_alive(info, written)])
            },
        }
    except (ValueError, AttributeError, KeyError, TypeError):
        path.unlink(missing_ok=True)  # half-written
        return
    if alive != {mode: locks.get(mode, {}) for mode in alive}:
        write_json(path, alive)


def _is_alive(info: dict[str, Any], written: float) -> bool:
    """Whether the process that made an entry still runs; one that began after the file was written did not make it."""
    try:
        process = psutil.Process(int(info["pid"]))
        return bool(process.status() != psutil.STATUS_ZOMBIE and process.create_time() <= written + CLOCK_S)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:  # somebody else's, and alive
        return True
