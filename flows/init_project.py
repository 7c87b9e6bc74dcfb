"""`cad2real init`: a new project folder for parts and photos of one's own."""

from __future__ import annotations

from pathlib import Path

from cad2real.errors import UserError
from flows.dvc.code_versions import FILE, refresh
from flows.project import STARTER

FILES = {
    "params.yaml": "params.yaml",
    "dvc.yaml": "dvc.yaml",
    "gitignore": ".gitignore",
    "dvcignore": ".dvcignore",
    "prefect.yaml": "prefect.yaml",
    "parts.csv": "data/parts/parts.csv",
}


def init_project(root: Path) -> list[Path]:
    """Makes the folder `root` a project and returns the files written; what is there already stays as it is.

    Raises UserError when `root` is a project already.
    """
    if (root / "dvc.yaml").exists():
        raise UserError(f"{root / 'dvc.yaml'} exists: {root} is a project already.", "Choose another folder.")
    if root.exists() and not root.is_dir():
        raise UserError(f"{root} is a file.", "Choose another folder.")
    written = []
    for source, target in FILES.items():
        path = root / target
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_bytes((STARTER / source).read_bytes())
            written.append(path)
    for folder in ("photos", "feedback"):
        (root / "data" / folder).mkdir(parents=True, exist_ok=True)
    (root / FILE).touch()
    refresh(root)
    return written
