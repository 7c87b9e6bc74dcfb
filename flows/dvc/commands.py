"""DVC's command line, run for a project. It is called as a command because its Python interface is not a stable one."""

from __future__ import annotations

import subprocess
from pathlib import Path

from cad2real.import_path import PYTHON
from flows.environment import run_environment

DVC = [*PYTHON, "-m", "dvc"]


def run_dvc(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`dvc ARGUMENTS` in the project folder `root`, with its output captured. Does not raise when DVC fails."""
    return subprocess.run(
        [*DVC, *arguments], cwd=root, env=run_environment(root), capture_output=True, text=True, errors="replace"
    )
