"""The same file under another name, without its bytes twice where the disk can do that."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def link(file: Path, to: Path) -> None:
    """A hard link `to`, or a copy where there are none. The two must not be written to."""
    to.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(file, to)
    except OSError:
        shutil.copyfile(file, to)
