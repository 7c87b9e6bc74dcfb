"""When the first two parts of an answer are nearly tied, and which sides of them tell them apart.

Nearly tied is what lies closer together than in nine of ten right answers to renders that never trained, changed at
random as training changes them. So one in ten right answers is asked for another photo, which takes seconds; no label
of a photo sets anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from search.additions import is_photo
from search.index import Index
from search.ranking import BEST_VIEWS, Floats, Match, Queries, part_distances

ASKED_AGAIN = 0.1  # share of right answers that may be called tied
LEAST_RIGHT = 20  # right answers to held-out renders; of fewer a tenth is a matter of luck


@dataclass(frozen=True)
class Tie:
    """The first two parts of an answer, and of each the view that least resembles the other: what to photograph."""

    part_ids: tuple[str, str]
    views: tuple[str, str]

    def as_dict(self) -> dict[str, object]:
        return {"parts": list(self.part_ids), "photograph": list(self.views)}


def tie_margin(index: Index, queries: Queries, own: npt.NDArray[np.int64]) -> float | None:
    """The difference of distances from which an answer is no tie, by `queries` of held-out renders, the parts that they
    show being `own` (q,), and an `index` without these renders. None where too few are answered rightly.

    >>> renders = np.repeat(np.eye(2, dtype=np.float32), 20, axis=0)
    >>> from search.index import IndexedPart
    >>> parts = (IndexedPart("m8", "m8", ""), IndexedPart("m10", "m10", ""))
    >>> index = Index(np.eye(2, dtype=np.float32), parts, np.array([0, 1]), ("m8/0.png", "m10/0.png"), "adapt", "key")
    >>> tie_margin(index, Queries(renders), np.repeat([0, 1], 20))
    1.0
    """
    if len(index.parts) < 2 or not len(own):
        return None
    distances = part_distances(index, queries)[0]
    two = np.sort(np.partition(distances, 1, axis=1)[:, :2], axis=1)
    right = (distances.argmin(axis=1) == own) & np.isfinite(two).all(axis=1)
    if right.sum() < LEAST_RIGHT:
        return None
    return float(np.quantile((two[:, 1] - two[:, 0])[right], ASKED_AGAIN))


def tie_of(index: Index, matches: Sequence[Match]) -> Tie | None:
    """The tie of an answer's first two parts, None where they are far enough apart, or where nobody knows how far that
    is.
    """
    if index.tie_margin is None or len(matches) < 2:
        return None
    first, second = matches[:2]
    if second.distance - first.distance >= index.tie_margin:
        return None
    numbers = index.number_of[first.part_id], index.number_of[second.part_id]
    views = telling_view(index, *numbers), telling_view(index, *reversed(numbers))
    return Tie((first.part_id, second.part_id), views)


def telling_view(index: Index, part: int, other: int) -> str:
    """The view of part number `part` that most looks like itself from other sides and least like part `other`: where
    search would decide most clearly between the two. Photos that were added are passed over where there are renders.
    """
    rows = index.rows_of(part)
    renders = np.array([row for row in rows if not is_photo(index.views[row])], dtype=np.int64)
    rows = renders if len(renders) else rows
    own = index.embeddings[rows] @ index.embeddings[rows].T
    if len(rows) > 1:
        np.fill_diagonal(own, -np.inf)  # a view is like itself, which says nothing
    against = index.embeddings[rows] @ index.embeddings[index.rows_of(other)].T
    telling = int((_best(own, len(rows) - 1) - _best(against, BEST_VIEWS)).argmax())
    return index.views[int(rows[telling])]


def _best(similarities: Floats, most: int) -> Floats:
    """Mean (v,) of the highest of similarities (v, n), of BEST_VIEWS and of `most` at the most."""
    count = max(1, min(BEST_VIEWS, most, similarities.shape[1]))
    best: Floats = np.sort(similarities, axis=1)[:, -count:].mean(axis=1)
    return best
