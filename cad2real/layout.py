"""Where things lie in a project folder: the one place that knows the paths that pass between the rooms."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """Paths of a project, relative to its root (the folder of params.yaml).

    >>> print(Layout(Path("shop")).models)
    shop/data/models
    """

    root: Path = Path()

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
