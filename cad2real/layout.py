"""Where things lie in a project folder: the one place that knows the paths that pass between the rooms."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cad2real.errors import UserError


@dataclass(frozen=True)
class Layout:
    """Paths of a project, relative to its root (the folder of params.yaml).

    >>> print(Layout(Path("shop")).models)
    shop/data/models
    """

    root: Path = Path()

    @classmethod
    def of_project(cls, root: Path = Path(), instead: str = "") -> Layout:
        """The layout of the project at `root`, for commands that need one; `instead` says how to do without. Raises
        UserError, before anything is written, where `root` is none.
        """
        layout = cls(root)
        if layout.is_project:
            return layout
        above = next((folder for folder in root.resolve().parents if (folder / "dvc.yaml").exists()), None)
        remedy = f"Go to {above}" if above else "Go to a project folder, or make one with: cad2real init DIR"
        raise UserError("This folder is no project.", f"{remedy}, or {instead}" if instead else remedy)

    @property
    def is_project(self) -> bool:
        """Whether a project is here, or anything of one: an index and its renders alone can be searched and served."""
        made = (self.catalogue, self.renders, self.squares, self.models, self.index, self.reports, self.added)
        given = (self.params, self.root / "dvc.yaml", self.data / "parts", self.data / "photos", self.feedback)
        return any(path.exists() for path in (*given, *made))

    @property
    def params(self) -> Path:
        return self.root / "params.yaml"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def catalogue(self) -> Path:
        return self.data / "catalogue.json"

    @property
    def renders(self) -> Path:
        return self.data / "renders"

    @property
    def squares(self) -> Path:
        return self.data / "squares"

    @property
    def models(self) -> Path:
        return self.data / "models"

    @property
    def index(self) -> Path:
        return self.data / "index"

    @property
    def reports(self) -> Path:
        return self.data / "reports"

    @property
    def added(self) -> Path:
        return self.data / "added"

    @property
    def feedback(self) -> Path:
        return self.data / "feedback"

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def cache(self) -> Path:
        return self.data / "cache"
