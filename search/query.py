"""One photo in, the nearest parts out: `Search.open(project).find(photo)`, `find_all` for every part in it, `find_same`
for several photos of one part.

Nothing here imports torch: the model stands beside the index as an ONNX file.
"""

from __future__ import annotations

from collections.abc import Sequence
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
from search.ties import Tie, tie_of

MOST_NAMED = 20
MOST_OF_ONE_PART = 5  # photos: after the third little is gained


@dataclass(frozen=True)
class Shown:
    """A photo to ask about: what its `box` shows (pixels of the upright photo), or what is found in it."""

    path: Path
    box: Box | None = None


@dataclass(frozen=True)
class Answer:
    """The nearest parts of one thing in a photo, nearest first; `box` in pixels of the upright photo and `score` in
    [0, 1] of where it was found (None: the whole photo was asked about); `tie` of the first two where they are nearly
    tied.
    """

    matches: list[Match]
    box: Box | None = None
    score: float | None = None
    tie: Tie | None = None

    def as_dicts(self) -> list[dict[str, object]]:
        """A record for each match, with the box of the part where it was found; the first has the tie."""
        records: list[dict[str, object]] = [{**match.as_dict()} for match in self.matches]
        if self.box is not None and self.score is not None:
            corners = [self.box.x_min, self.box.y_min, self.box.x_max, self.box.y_max]
            records = [{**record, "box": corners, "score": self.score} for record in records]
        if self.tie is not None and records:
            records[0]["tie"] = self.tie.as_dict()
        return records

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
        return self.answer(Shown(photo, box), top, wanted).matches

    def answer(self, shown: Shown, top: int = 5, wanted: PartFilter = EVERY_PART) -> Answer:
        """As `find`, with the tie of the first two; of a photo without a box, all of it."""
        matches, tie = self._nearest([self._square(shown.path, shown.box)], top, wanted)[0]
        return Answer(matches, shown.box, None, tie)

    def find_all(self, photo: Path, top: int = 5, one: bool = False, wanted: PartFilter = EVERY_PART) -> list[Answer]:
        """An answer for every part that is found in `photo`, best found first (`one`: for the largest alone), or for
        the whole photo where none is. Raises UserError that names a photo that cannot be used.
        """
        found = self._found(photo, one)
        if not found:
            return [self.answer(Shown(photo), top, wanted)]
        boxes: list[Box | None] = [box for box, _ in found]
        cut = photo_squares(photo, boxes, self.squares.border, self.squares.size)
        squares = [result[1] for result in cut if not isinstance(result, UserError)]  # found boxes lie in the photo
        nearest = self._nearest(squares, top, wanted)
        return [Answer(some, *where, tie) for (some, tie), where in zip(nearest, found, strict=True)]

    def find_same(self, photos: Sequence[Shown], top: int = 5, wanted: PartFilter = EVERY_PART) -> Answer:
        """One answer for `photos` of one part: of each what its box shows, else the largest part that is found in it,
        else all of it. Raises UserError that names a photo that cannot be used.
        """
        where = [(one.box, None) if one.box else (self._found(one.path, True) or [(None, None)])[0] for one in photos]
        squares = [self._square(one.path, box) for one, (box, _) in zip(photos, where, strict=True)]
        matches, tie = self._nearest(squares, top, wanted, together=True)[0]
        return Answer(matches, *where[0], tie)

    def _square(self, photo: Path, box: Box | None) -> Image.Image:
        return photo_square(photo, box, self.squares.border, self.squares.size)

    def _found(self, photo: Path, one: bool) -> list[tuple[Box, float]]:
        try:
            return self.looking.boxes(photo, one) if self.looking and photo.is_file() else []
        except UserError as error:
            raise UserError(f"{photo} {error.what}", error.remedy) from None

    def _nearest(
        self, squares: list[Image.Image], top: int, wanted: PartFilter, together: bool = False
    ) -> list[tuple[list[Match], Tie | None]]:
        """For each of `squares`, or for all of them `together`, the nearest parts and the tie of the first two."""
        queries, asked = embed_queries(self.model, self.index, squares), max(2, top)
        if self.store is not None:
            found = nearest_in_store(self.store, self.index, queries, asked, wanted, together)
        else:
            found = nearest_parts(self.index, queries, asked, wanted, together)
        return [(matches[:top], tie_of(self.index, matches)) for matches in found]
