"""Folders for what a process needs while it lives only. Those of killed processes are swept by the next one."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "cad2real-scratch-"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """An empty folder on the disk for temporary files, removed at the end."""
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        with (folder / "lock").open("w") as lock:  # the system frees it when we die
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    for litter in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError), (litter / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # held: its process lives
            shutil.rmtree(litter, ignore_errors=True)
