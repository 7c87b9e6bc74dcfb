"""One photo in, the nearest parts out: `Search.open(project).find(photo)`, `find_all` for every part in it, `find_same`
for several photos of one part.

Nothing here imports torch: the model stands beside the index as an ONNX file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cad2real.errors import UserError
from cad2real.layout import Layout
from cad2real.params import load_params
from photos.crop import Box
from photos.looking import Looking, project_looking
from photos.params import PhotosParams
from search.additions import view_path
from search.index import Index, check_model, load_index
from search.looks.heads import Fact, Looks, load_looks
from search.looks.unseen import Unseen, found_unseen
from search.model.embedding import PhotoEmbedder, embed_queries
from search.model.outlines import load_outlines
from search.model.photo_network import NETWORK, PhotoNetwork
from search.naming.catalogue import parts_in_text
from search.naming.fusion import with_named
from search.part_filter import EVERY_PART, PartFilter
from search.places import assemblies_of
from search.ranking import BEST_VIEWS, Floats, Match, Queries, nearest_parts
from search.seeing.sizes import ALIKE, Measured, agreement, size_of_view, with_sizes
from search.seeing.things import Eye, Seen, Shown
from search.stores.publishing import opened_store
from search.stores.ranking import nearest_in_store
from search.stores.store import VectorStore
from search.ties import Tie, tie_of
from train.sizes.size_prior import SizePrior

MOST_NAMED = 20
MOST_OF_ONE_PART = 5  # photos: after the third little is gained


@dataclass(frozen=True)
class Answer:
    """The nearest parts of one thing in a photo, nearest first; `box` in pixels of the upright photo and `score` in
    [0, 1] of where it was found (None: the whole photo was asked about); `tie` of the first two where they are nearly
    tied; `size` of the thing, where a length in the photo was known and it could be measured.
    """

    matches: list[Match]
    box: Box | None = None
    score: float | None = None
    tie: Tie | None = None
    size: Measured | None = None
    facts: tuple[Fact, ...] = ()
    unseen: tuple[Unseen, ...] = ()

    def as_dicts(self) -> list[dict[str, object]]:
        """A record for each match, with the box of the part where it was found; the first has what holds for all."""
        records: list[dict[str, object]] = [{**match.as_dict()} for match in self.matches]
        if self.box is not None and self.score is not None:
            corners = [self.box.x_min, self.box.y_min, self.box.x_max, self.box.y_max]
            records = [{**record, "box": corners, "score": self.score} for record in records]
        if self.tie is not None and records:
            records[0]["tie"] = self.tie.as_dict()
        if self.size is not None and records:
            records[0]["size_mm"] = self.size.as_list()
        if self.facts and records:
            records[0]["looks"] = [fact.as_dict() for fact in self.facts]
        if self.unseen and records:
            records[0]["unseen"] = [part.as_dict() for part in self.unseen]
        return records

    @property
    def where(self) -> str:
        """The box as `--box` takes it, empty for a whole photo."""
        box = self.box
        return f"{box.x_min:.0f},{box.y_min:.0f},{box.x_max:.0f},{box.y_max:.0f}" if box else ""


@dataclass(frozen=True)
class Search:
    """A project's index with the model that made it, ready for photos. `looking` finds the parts in whole photos, where
    the project has a finder. `store` has the index's rows where they are not compared in memory. `looks` says what
    photos look like, `outlines` what the shape of an outline says of which part it is.
    """

    index: Index
    model: PhotoEmbedder
    squares: PhotosParams
    looking: Looking | None = None
    store: VectorStore | None = None
    layout: Layout = field(default_factory=Layout)
    looks: Looks | None = None
    outlines: SizePrior | None = None

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
        looks = load_looks(layout.index, index.model_key, index.embeddings.shape[1])
        outlines = load_outlines(layout.index, model.classes)
        looking = project_looking(layout, params.photos)
        return cls(index, model, params.photos, looking, store, layout, looks, outlines)

    def refuse_unknown(self, wanted: PartFilter) -> None:
        """Raises UserError, with what there is, when `wanted` asks for what no part of the catalogue is."""
        for word, asked in (("material", wanted.material), ("color", wanted.color)):
            there = sorted({getattr(part, word) for part in self.index.parts} - {""})
            if asked is not None and asked.casefold() not in map(str.casefold, there):
                known = f"There are: {', '.join(there[:MOST_NAMED])}." if there else "The part list names none."
                raise UserError(f"No part of the catalogue has the {word} {asked}.", known)
        if wanted.assembly is not None and not any(map(PartFilter(assembly=wanted.assembly).passes, self.index.parts)):
            there = assemblies_of(part.places for part in self.index.parts)[:MOST_NAMED]
            known = f"There are: {', '.join(there)}." if there else "The part list names none."
            raise UserError(f"No part of the catalogue is in the assembly {wanted.assembly}.", known)
        if not wanted.mask(self.index.parts).any():
            raise UserError("No part of the catalogue passes the filter.", "Ask for less.")

    def find(self, photo: Path, box: Box | None = None, top: int = 5, wanted: PartFilter = EVERY_PART) -> list[Match]:
        """The `top` nearest parts of `photo` that `wanted` lets pass, nearest first. It becomes square as all photos of
        the project did.
        """
        return self.answer(Shown(photo, box), top, wanted).matches

    def answer(self, shown: Shown, top: int = 5, wanted: PartFilter = EVERY_PART) -> Answer:
        """As `find`, with the tie of the first two; of a photo without a box, all of it."""
        return self._answers([self._eye.whole(shown)], top, wanted)[0]

    def find_all(
        self, photo: Path | Shown, top: int = 5, one: bool = False, wanted: PartFilter = EVERY_PART
    ) -> list[Answer]:
        """An answer for every part that is found in `photo`, best found first (`one`: for the photo's subject), or for
        the whole photo where none is. Raises UserError that names a photo that cannot be used.
        """
        shown = photo if isinstance(photo, Shown) else Shown(photo)
        return self._answers(self._eye.everything(shown, one), top, wanted)

    def find_same(self, photos: Sequence[Shown], top: int = 5, wanted: PartFilter = EVERY_PART) -> Answer:
        """One answer for `photos` of one part: of each what its box shows, else the part that it is a photo of,
        else all of it. Raises UserError that names a photo that cannot be used.
        """
        seen = [self._eye.everything(shown, one=True)[0] for shown in photos]
        return self._answers(seen, top, wanted, together=True)[0]

    @property
    def _eye(self) -> Eye:
        return Eye(self.squares, self.looking)

    def _answers(self, seen: Sequence[Seen], top: int, wanted: PartFilter, together: bool = False) -> list[Answer]:
        """An answer for each of what was `seen`, or one for all of it `together`: then the first has box and score, and
        a size that is known of any counts.
        """
        sized = [one.size is not None for one in seen]
        queries = embed_queries(self.model, self.index, [one.square for one in seen], self.outlines, sized)
        asked = max(2, top, ALIKE if any(sized) else 0)
        if self.store is not None:
            found = nearest_in_store(self.store, self.index, queries, asked, wanted, together)
        else:
            found = nearest_parts(self.index, queries, asked, wanted, together)
        answers = []
        for number, matches in enumerate(found):
            those = list(range(len(seen))) if together else [number]
            size = next((seen[row].size for row in those if seen[row].size), None)
            if size is not None:
                matches = with_sizes(matches, self._agreements(matches, size, queries.embeddings[those]))
            texts = [text for row in those for text in seen[row].texts()]
            if texts:
                matches = self._with_named(matches, texts, queries.rows(those), wanted)
            tie = None if matches and matches[0].read else tie_of(self.index, matches)
            facts, unseen = self._looks_of(queries.embeddings[those], wanted)
            one = seen[number]
            answers.append(Answer(matches[:top], one.box, one.score, tie, size, facts, unseen))
        return answers

    def _looks_of(self, photos: Floats, wanted: PartFilter) -> tuple[tuple[Fact, ...], tuple[Unseen, ...]]:
        if self.looks is None:
            return (), ()
        unseen = [one for one in found_unseen(self.looks, photos) if wanted.passes(one.part)]
        return tuple(self.looks.facts(photos)), tuple(unseen)

    def _agreements(self, matches: Sequence[Match], size: Measured, photos: Floats) -> dict[str, float | None]:
        """How well the `size` in photos (q, d) is that of the views of each part that they resemble most."""
        agreements = {}
        for match in matches:
            rows = self.index.rows_of(self.index.number_of[match.part_id])
            alike = (self.index.embeddings[rows] @ photos.T).max(axis=1)
            views = [self.index.views[row] for row in rows[np.argsort(-alike)[:BEST_VIEWS]]]
            sizes = [size_of_view(view_path(self.layout, view)) for view in views]
            agreements[match.part_id] = agreement(size, [one for one in sizes if one is not None])
        return agreements

    def _with_named(self, matches: list[Match], texts: list[str], queries: Queries, wanted: PartFilter) -> list[Match]:
        """The `matches` of `queries`, photos of one thing, together with the parts that `texts` beside it name."""
        named = parts_in_text(self.index, texts, wanted)[:MOST_NAMED]
        ids = [self.index.parts[one.number].part_id for one, _ in named]
        if not ids:
            return matches
        those = PartFilter(part_ids=frozenset(ids))
        looks = {match.part_id: match for match in nearest_parts(self.index, queries, len(ids), those, True)[0]}
        looks |= {match.part_id: match for match in matches if match.part_id in looks}  # with their sizes
        return with_named(matches, [(one, looks[part]) for one, part in zip(named, ids, strict=True) if part in looks])
