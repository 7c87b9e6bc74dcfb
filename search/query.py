"""One photo in, the nearest parts out: `Search.open(project).find(photo)`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cad2real.layout import Layout
from cad2real.params import load_params
from photos.crop import Box
from photos.params import PhotosParams
from photos.square import photo_square
from search.embedding import Embedder, embed_queries, load_model
from search.index import Index, check_model, load_index
from search.ranking import Match, nearest_parts


@dataclass(frozen=True)
class Search:
    """A project's index with the model that made it, ready for photos."""

    index: Index
    model: Embedder
    squares: PhotosParams

    @classmethod
    def open(cls, root: Path) -> Search:
        """Opens the index of the project in `root`. Raises UserError when it is missing or of another model."""
        layout = Layout(root)
        index = load_index(layout.index)
        _, model = load_model(layout.models, index.model_stage)
        check_model(index, model.key)
        return cls(index, model, load_params(layout.params).photos)

    def find(self, photo: Path, box: Box | None = None, top: int = 5) -> list[Match]:
        """The `top` nearest parts of `photo`, nearest first. It becomes square as all photos of the project did."""
        square = photo_square(photo, box, self.squares.border, self.squares.size)
        return nearest_parts(self.index, embed_queries(self.model, self.index, [square]), top)[0]
