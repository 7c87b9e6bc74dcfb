"""`cad2real init`: a new project folder for parts and photos of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cad2real.errors import UserError
from cad2real.files import atomic_file
from flows.dvc.code_versions import FILE, refresh
from flows.project import STARTER, sweep_of_killed_runs

STAGES = "dvc.yaml"
FILES = {
    "params.yaml": "params.yaml",
    "gitignore": ".gitignore",
    "dvcignore": ".dvcignore",
    "prefect.yaml": "prefect.yaml",
    "parts.csv": "data/parts/parts.csv",
}


def init_project(root: Path) -> list[Path]:
    """Makes the folder `root` a project and returns the files written; what is there already stays as it is.

    Raises UserError when `root` is a project already.
    """
    before = {target for target in (*FILES.values(), FILE, STAGES) if (root / target).exists()}
    with new_project(root):
        pass
    return [root / target for target in (*FILES.values(), FILE, STAGES) if target not in before]


@contextmanager
def new_project(root: Path) -> Iterator[Path]:
    """Makes the folder `root` a project around a block that fills it, which gets the file that dvc.yaml is written as:
    that comes last, so that what was cut off is no project yet, and the same again finishes it. What is there already
    stays as it is. Raises UserError when `root` is a project already.
    """
    if (root / STAGES).exists():
        raise UserError(f"{root / STAGES} exists: {root} is a project already.", "Choose another folder.")
    if root.exists() and not root.is_dir():
        raise UserError(f"{root} is a file.", "Choose another folder.")
    sweep_of_killed_runs(root)
    for source, target in FILES.items():
        if not (root / target).exists():
            with atomic_file(root / target) as temporary:
                temporary.write_bytes((STARTER / source).read_bytes())
    for folder in ("photos", "feedback"):
        (root / "data" / folder).mkdir(parents=True, exist_ok=True)
    (root / FILE).touch()
    refresh(root)
    with atomic_file(root / STAGES) as stages:
        stages.write_bytes((STARTER / STAGES).read_bytes())
        yield stages
