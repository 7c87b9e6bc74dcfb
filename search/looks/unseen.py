"""Parts that have metadata and no renders yet, found by what a photo looks like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from search.index import IndexedPart
from search.looks.heads import Head, Looks, said_of
from search.ranking import Floats

MOST = 3
PLAUSIBLE = 0.5


@dataclass(frozen=True)
class Unseen:
    """A part without renders that a photo may show: how many times more likely than by chance it looks so (`lift`)."""

    part: IndexedPart
    lift: float

    def as_dict(self) -> dict[str, str | float]:
        return {"part_id": self.part.part_id, "name": self.part.name, "lift": round(self.lift, 2)}


def found_unseen(looks: Looks, embeddings: Floats) -> list[Unseen]:
    """The parts without renders that photos (n, d) of one thing look like, likeliest first; none that is no likelier
    than by chance.
    """
    known = looks.known(embeddings) if looks.described.unseen else []
    parts = [part for part in looks.unseen if _is_plausible(part, known)]
    if not parts:
        return []
    lifts = np.exp(attribute_scores([(head, likely[None]) for head, likely in known], parts)[0])
    order = np.argsort(-lifts, kind="stable")[:MOST]
    return [Unseen(parts[number], float(lifts[number])) for number in order if lifts[number] > 1]


def _is_plausible(part: IndexedPart, known: Sequence[tuple[Head, Floats]]) -> bool:
    """Whether the photo looks like all that the metadata of `part` say, at least half as much as like anything."""
    said = said_of(part, [head for head, _ in known])
    told = [likely[said[head.kind]] >= likely.max() * PLAUSIBLE for head, likely in known if head.kind in said]
    return bool(told) and all(told)


def attribute_scores(known: Sequence[tuple[Head, Floats]], parts: Sequence[IndexedPart]) -> npt.NDArray[np.float64]:
    """Scores (n, parts) of photos by heads and their probabilities (n, values): the logarithm of how many times more
    likely what the metadata of a part says is than by chance, added up over the heads; 0 of a part that says nothing.
    """
    heads = [head for head, _ in known]
    scores = np.zeros((len(known[0][1]) if known else 0, len(parts)))
    for number, part in enumerate(parts):
        said = said_of(part, heads)
        for head, likely in known:
            if head.kind in said:
                scores[:, number] += np.log(np.maximum(likely[:, said[head.kind]], 1e-6) * len(head.values))
    return scores
