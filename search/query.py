"""One photo in, the nearest parts out: `Search.open(project).find(photo)`, or `find_all` for every part in it.

Nothing here imports torch: the model stands beside the index as an ONNX file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from cad2real.errors import UserError
from cad2real.layout import Layout
from cad2real.params import load_params
from photos.crop import Box
from photos.looking import Looking, project_looking
from photos.params import PhotosParams
from photos.square import photo_square, photo_squares
from search.embedding import PhotoEmbedder, embed_queries
from search.index import Index, check_model, load_index
from search.part_filter import EVERY_PART, PartFilter
from search.photo_network import NETWORK, PhotoNetwork
from search.ranking import Match, nearest_parts
from search.stores.publishing import opened_store
from search.stores.ranking import nearest_in_store
from search.stores.store import VectorStore

MOST_NAMED = 20


@dataclass(frozen=True)
class Answer:
    """The nearest parts of one thing in a photo, nearest first; `box` in pixels of the upright photo and `score` in
    [0, 1] of where it was found (None: the whole photo was asked about).
    """

    matches: list[Match]
    box: Box | None = None
    score: float | None = None

    def as_dicts(self) -> list[dict[str, object]]:
        """A record for each match, with the box of the part where it was found."""
        if self.box is None:
            return [{**match.as_dict()} for match in self.matches]
        corners = [self.box.x_min, self.box.y_min, self.box.x_max, self.box.y_max]
        return [{**match.as_dict(), "box": corners, "score": self.score} for match in self.matches]

    @property
    def where(self) -> str:
        """The box as `--box` takes it, empty for a whole photo."""
        box = self.box
        return f"{box.x_min:.0f},{box.y_min:.0f},{box.x_max:.0f},{box.y_max:.0f}" if box else ""


@dataclass(frozen=True)
class Search:
    """A project's index with the model that made it, ready for photos. `looking` finds the parts in whole photos, where
    the project has a finder. `store` has the index's rows where they are not compared in memory.
    """

    index: Index
    model: PhotoEmbedder
    squares: PhotosParams
    looking: Looking | None = None
    store: VectorStore | None = None

    @classmethod
    def open(cls, root: Path, model: PhotoEmbedder | None = None, threads: int = 0) -> Search:
        """Opens the index of the project in `root` with the network beside it, or with `model`. `threads` work on one
        photo (0: as many as there are cores). Raises UserError when something is missing or of another model.
        """
        layout = Layout(root)
        index = load_index(layout.index)
        model = model or PhotoNetwork.load(layout.index / NETWORK, threads)
        check_model(index, model.key)
        params = load_params(layout.params)
        store = opened_store(layout, params.search, index)
        return cls(index, model, params.photos, project_looking(layout, params.photos), store)

    def refuse_unknown(self, wanted: PartFilter) -> None:
        """Raises UserError, with what there is, when `wanted` asks for what no part of the catalogue is."""
        for word, asked in (("material", wanted.material), ("color", wanted.color)):
            there = sorted({getattr(part, word) for part in self.index.parts} - {""})
            if asked is not None and asked.casefold() not in map(str.casefold, there):
                known = f"There are: {', '.join(there[:MOST_NAMED])}." if there else "The part list names none."
                raise UserError(f"No part of the catalogue has the {word} {asked}.", known)
        if not wanted.mask(self.index.parts).any():
            raise UserError("No part of the catalogue passes the filter.", "Ask for less.")

    def find(self, photo: Path, box: Box | None = None, top: int = 5, wanted: PartFilter = EVERY_PART) -> list[Match]:
        """The `top` nearest parts of `photo` that `wanted` lets pass, nearest first. It becomes square as all photos of
        the project did.
        """
        square = photo_square(photo, box, self.squares.border, self.squares.size)
        return self._nearest([square], top, wanted)[0]

    def find_all(self, photo: Path, top: int = 5, one: bool = False, wanted: PartFilter = EVERY_PART) -> list[Answer]:
        """An answer for every part that is found in `photo`, best found first (`one`: for the largest alone), or for
        the whole photo where none is. Raises UserError that names a photo that cannot be used.
        """
        try:
            found = self.looking.boxes(photo, one) if self.looking and photo.is_file() else []
        except UserError as error:
            raise UserError(f"{photo} {error.what}", error.remedy) from None
        if not found:
            return [Answer(self.find(photo, None, top, wanted))]
        boxes: list[Box | None] = [box for box, _ in found]
        cut = photo_squares(photo, boxes, self.squares.border, self.squares.size)
        squares = [result[1] for result in cut if not isinstance(result, UserError)]  # found boxes lie in the photo
        matches = self._nearest(squares, top, wanted)
        return [Answer(some, box, score) for some, (box, score) in zip(matches, found, strict=True)]

    def _nearest(self, squares: list[Image.Image], top: int, wanted: PartFilter) -> list[list[Match]]:
        queries = embed_queries(self.model, self.index, squares)
        if self.store is not None:
            return nearest_in_store(self.store, self.index, queries, top, wanted)
        return nearest_parts(self.index, queries, top, wanted)
