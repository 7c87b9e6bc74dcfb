"""DVC's record of who reads and writes what (.dvc/tmp/rwlock), freed of processes that were killed.

DVC frees entries of processes that are gone, but takes for alive a killed one whose number lives on: as a zombie where
nobody reaps orphans (most containers), or as another process's. And it writes the file in place, so that kill -9 may
leave half of it, which it then refuses to read. Either would stop every run until somebody deletes the file by hand.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psutil

from cad2real.files import write_json

CLOCK_S = 2.0  # how far a process's start and a file's time may differ for rounding


def free_dead_locks(root: Path) -> None:
    """Only while nothing of ours runs DVC in the project (`flows.project.project_lock`). Entries of living processes,
    such as a `dvc repro` of the user's, stay.
    """
    path = root / ".dvc" / "tmp" / "rwlock"
    try:
        written, text = path.stat().st_mtime, path.read_text(encoding="utf-8")
    except OSError:
        return
    try:
        held: dict[str, dict[str, Any]] = json.loads(text)
        kept = {
            "write": {at: info for at, info in held.get("write", {}).items() if _lives(info, written)},
            "read": {
                at: living
                for at, infos in held.get("read", {}).items()
                if (living := [info for info in infos if _lives(info, written)])
            },
        }
    except (ValueError, AttributeError, KeyError, TypeError):
        path.unlink(missing_ok=True)  # half-written
        return
    if kept != {mode: held.get(mode, {}) for mode in kept}:
        write_json(path, kept)


def _lives(info: dict[str, Any], written: float) -> bool:
    """Whether the process that made an entry still runs; one that began after the file was written did not make it."""
    try:
        process = psutil.Process(int(info["pid"]))
        return bool(process.status() != psutil.STATUS_ZOMBIE and process.create_time() <= written + CLOCK_S)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:  # somebody else's, and alive
        return True
