"""One photo in, the nearest parts out: `Search.open(project).find(photo)`, `find_all` for every part in it, `find_same`
for several photos of one part.

Nothing here imports torch: the model stands beside the index as an ONNX file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from cad2real.errors import UserError
from cad2real.layout import Layout
from cad2real.params import load_params
from photos.crop import Box
from photos.looking import Looking, project_looking
from photos.opening import open_photo
from photos.params import PhotosParams
from photos.square import photo_square, photo_squares
from search.embedding import PhotoEmbedder, embed_queries
from search.index import Index, check_model, load_index
from search.naming.catalogue import parts_in_text
from search.naming.codes import READ_PX, Code, codes_in
from search.naming.fusion import with_named
from search.part_filter import EVERY_PART, PartFilter
from search.photo_network import NETWORK, PhotoNetwork
from search.ranking import Match, Queries, nearest_parts
from search.stores.publishing import opened_store
from search.stores.ranking import nearest_in_store
from search.stores.store import VectorStore
from search.ties import Tie, tie_of

MOST_NAMED = 20
BESIDE = 0.5  # of a box's sides: so far from it a label is still its part's
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
        square = self._square(shown.path, shown.box)
        matches, tie = self._nearest([square], [_texts(_codes(shown.path), shown.box)], top, wanted)[0]
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
        codes = _codes(photo)
        texts = [_texts(codes, box if len(found) > 1 else None) for box, _ in found]
        nearest = self._nearest(squares, texts, top, wanted)
        return [Answer(some, *where, tie) for (some, tie), where in zip(nearest, found, strict=True)]

    def find_same(self, photos: Sequence[Shown], top: int = 5, wanted: PartFilter = EVERY_PART) -> Answer:
        """One answer for `photos` of one part: of each what its box shows, else the largest part that is found in it,
        else all of it. Raises UserError that names a photo that cannot be used.
        """
        where: list[tuple[Box | None, float | None]] = []
        for one in photos:
            found = [] if one.box else self._found(one.path, True)
            where.append(found[0] if found else (one.box, None))
        squares = [self._square(one.path, box) for one, (box, _) in zip(photos, where, strict=True)]
        texts = [text for one in photos for text in _texts(_codes(one.path), one.box)]
        matches, tie = self._nearest(squares, [texts], top, wanted, together=True)[0]
        box, score = where[0]
        return Answer(matches, box, score, tie)

    def _square(self, photo: Path, box: Box | None) -> Image.Image:
        return photo_square(photo, box, self.squares.border, self.squares.size)

    def _found(self, photo: Path, one: bool) -> list[tuple[Box, float]]:
        try:
            return self.looking.boxes(photo, one) if self.looking and photo.is_file() else []
        except UserError as error:
            raise UserError(f"{photo} {error.what}", error.remedy) from None

    def _nearest(
        self,
        squares: list[Image.Image],
        texts: list[list[str]],
        top: int,
        wanted: PartFilter,
        together: bool = False,
    ) -> list[tuple[list[Match], Tie | None]]:
        """For each of `squares`, or for all of them `together`, the nearest parts and the tie of the first two; `texts`
        are read beside each of them, or beside all.
        """
        queries, asked = embed_queries(self.model, self.index, squares), max(2, top)
        if self.store is not None:
            found = nearest_in_store(self.store, self.index, queries, asked, wanted, together)
        else:
            found = nearest_parts(self.index, queries, asked, wanted, together)
        answers = []
        for number, (matches, own) in enumerate(zip(found, texts, strict=True)):
            matches = self._with_named(matches, number, queries, own, wanted, together) if own else matches
            tie = None if matches and matches[0].read else tie_of(self.index, matches)
            answers.append((matches[:top], tie))
        return answers

    def _with_named(  # more than seven: what `_nearest` knows of one of its squares
        self,
        matches: list[Match],
        number: int,
        queries: Queries,
        texts: list[str],
        wanted: PartFilter,
        together: bool,
    ) -> list[Match]:
        """The `matches` of square `number` together with the parts that `texts` beside it name."""
        named = parts_in_text(self.index, texts, wanted)[:MOST_NAMED]
        ids = [self.index.parts[one.number].part_id for one, _ in named]
        if not ids:
            return matches
        those = PartFilter(part_ids=frozenset(ids))
        by_look = nearest_parts(self.index, queries, len(ids), those, together)[number]
        looks = {match.part_id: match for match in by_look}
        seen = [(one, looks[part_id]) for one, part_id in zip(named, ids, strict=True) if part_id in looks]
        return with_named(matches, seen)


def _codes(path: Path) -> list[Code]:
    """What can be read in a photo that can be used; places in pixels of the upright photo."""
    with open_photo(path) as photo:
        width, height = photo.width, photo.height
        codes = codes_in(photo.read(min(1.0, READ_PX / max(width, height))))
    return [replace(code, x=code.x * width, y=code.y * height) for code in codes]


def _texts(codes: Sequence[Code], box: Box | None) -> list[str]:
    """The texts of `codes`; where there is a `box`, of those in it or beside it: others belong to other parts."""
    if box is None:
        return [code.text for code in codes]
    across, down = (box.x_max - box.x_min) * BESIDE, (box.y_max - box.y_min) * BESIDE
    return [
        code.text
        for code in codes
        if box.x_min - across <= code.x <= box.x_max + across and box.y_min - down <= code.y <= box.y_max + down
    ]
