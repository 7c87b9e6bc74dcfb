"""Where programs of ours look for modules: not in the current folder, where a stranger's json.py may lie beside their
CAD. Python puts it first for `-m` and `-c`, and processes that multiprocessing starts are such.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

SAFE_PATH = "PYTHONSAFEPATH"
PYTHON = (sys.executable, "-P")
"""Begins a command that runs a module: `[*PYTHON, "-m", "dvc"]`."""
_HOME = str(Path(__file__).parents[1])
_of_the_user = SAFE_PATH in os.environ


def keep_current_folder_from_children() -> None:
    """From now on no Python that this process starts takes modules from the current folder."""
    os.environ.setdefault(SAFE_PATH, "1")


def keep_current_folder_out() -> None:
    """Nor does this process; but for the folder in which cad2real itself lies."""
    keep_current_folder_from_children()
    if not sys.flags.safe_path and sys.path and sys.path[0] in {"", str(Path.cwd())} and sys.path[0] != _HOME:
        del sys.path[0]


def without_safe_path(environment: dict[str, str]) -> dict[str, str]:
    """`environment` for commands that a project names, whose scripts may import what lies beside them."""
    return environment if _of_the_user else {name: said for name, said in environment.items() if name != SAFE_PATH}
