"""How near each part is to a photo: similarity of its nearest views and class probability, combined into a distance."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from search.index import Index
from search.part_filter import EVERY_PART, PartFilter

BEST_VIEWS = 3  # a photo shows a part from one side: its nearest views count; one alone would be a matter of luck
SHORTLIST = (
    200  # parts of a large catalogue that are compared exactly, at least: recall@10 of 10,000 parts .99 (100: .98)
)
AT_ONCE = 2**22  # similarities of photos and renders in memory at once: 16 MB, and as much again twice

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Queries:
    """What the model makes of q photos: `embeddings` (q, d), L2-normalised, and `probabilities` (q, parts of the
    index), in [0, 1], the classifier's for each part's label; None where it does not know all of the labels.
    `confidence` (q, parts): the same, calibrated on held-out renders; None where that is not known.
    """

    embeddings: Floats
    probabilities: Floats | None = None
    confidence: npt.NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Match:
    """A part that was found: `distance` 0 (the same) to 1.5, `view` its nearest picture, relative to data/renders,
    `confidence` the calibrated probability of its label, None where it is not known; `similarity` the mean cosine of
    its nearest views.
    """

    rank: int
    part_id: str
    label: str
    name: str
    distance: float
    view: str
    confidence: float | None = None
    similarity: float = 0.0

    def as_dict(self) -> dict[str, str | int | float]:
        said = {**asdict(self), "distance": round(self.distance, 4), "similarity": round(self.similarity, 4)}
        if self.confidence is None:
            del said["confidence"]
            return said
        return {**said, "confidence": round(self.confidence, 4)}


def part_distances(index: Index, queries: Queries) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Distance of every part to every query (q, parts), and the row of its nearest view (q, parts).

    The distance is the mean of two: 1 minus the mean cosine of the part's nearest views, and 1 minus the classifier's
    probability of its label. The first tells parts of one label apart; the second is what training has learned. Both
    together find more than either alone. Without probabilities it is the first only. Parts without views are at
    infinity.
    """
    return _distances(index, queries.embeddings, index.embeddings, queries.probabilities)


def _distances(
    index: Index, queries: Floats, rows: Floats, probabilities: Floats | None
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """As `part_distances`, of queries (q, k) and rows (n, k) in whichever form."""
    distances = np.full((len(queries), len(index.parts)), np.inf, dtype=np.float32)
    nearest = np.zeros(distances.shape, dtype=np.int64)
    step = max(1, AT_ONCE // max(1, len(rows)))
    for start in range(0, len(queries), step):
        some = slice(start, start + step)
        similarities = queries[some] @ rows.T
        for alike in index.alike:
            own = similarities[:, alike.rows]
            distances[some, alike.parts] = 1 - _mean_of_best(own)
            nearest[some, alike.parts] = np.take_along_axis(alike.rows[None], own.argmax(axis=2)[..., None], 2)[..., 0]
    if probabilities is not None:
        distances += 1 - probabilities
        distances /= 2
    return distances, nearest


def _mean_of_best(similarities: Floats) -> Floats:
    """Mean (q, p) of the highest of similarities (q, p, c)."""
    views = similarities.shape[2]
    if views > BEST_VIEWS:
        similarities = np.partition(similarities, views - BEST_VIEWS, axis=2)[..., views - BEST_VIEWS :]
    mean: Floats = similarities.mean(axis=2)
    return mean


def nearest_parts(index: Index, queries: Queries, top: int, wanted: PartFilter = EVERY_PART) -> list[list[Match]]:
    """For each query the `top` nearest of the parts that `wanted` lets pass, nearest first; equal distances in the
    order of the index. Of a large catalogue only those are compared exactly that are near by its short form.

    >>> from search.index import IndexedPart
    >>> parts = (IndexedPart("m8", "bolt", "Bolt M8"), IndexedPart("m10", "nut", "Nut M10"))
    >>> index = Index(np.eye(2, dtype=np.float32), parts, np.array([0, 1]), ("m8/0.png", "m10/0.png"), "adapt", "key")
    >>> photo = Queries(np.array([[0.6, 0.8]], dtype=np.float32))
    >>> [(match.part_id, round(match.distance, 2)) for match in nearest_parts(index, photo, top=2)[0]]
    [('m10', 0.2), ('m8', 0.4)]
    """
    if index.principal is None:
        distances, nearest = part_distances(index, queries)
    else:
        short = queries.embeddings @ index.principal.axes
        distances, nearest = _distances(index, short, index.principal.reduced, queries.probabilities)
    if not wanted.passes_all:
        distances[:, ~wanted.mask(index.parts)] = np.inf
    if index.principal is not None:
        for row in range(len(distances)):
            _compare_exactly(index, queries, row, max(SHORTLIST, 2 * top), distances, nearest)
    similarities = 1 - distances
    if queries.probabilities is not None:
        similarities = 2 * similarities - queries.probabilities
    sure = [None] * len(distances) if queries.confidence is None else queries.confidence
    return [_matches(index, *row, top) for row in zip(distances, nearest, similarities, sure, strict=True)]


def _compare_exactly(
    index: Index, queries: Queries, row: int, count: int, distances: Floats, nearest: npt.NDArray[np.int64]
) -> None:
    """Puts the exact distances of the `count` nearest parts of query `row` into `distances` (q, parts), and all others
    at infinity.
    """
    count = min(count, len(index.parts))
    short = np.argpartition(distances[row], count - 1)[:count]
    short = short[np.isfinite(distances[row, short])]
    distances[row] = np.inf
    for alike in index.alike:
        there = np.isin(alike.parts, short)
        parts, rows = alike.parts[there], alike.rows[there]
        own = (index.embeddings[rows.ravel()] @ queries.embeddings[row]).reshape(rows.shape)
        distances[row, parts] = 1 - _mean_of_best(own[None])[0]
        nearest[row, parts] = np.take_along_axis(rows, own.argmax(axis=1)[:, None], 1)[:, 0]
    if queries.probabilities is not None:
        distances[row] = (distances[row] + 1 - queries.probabilities[row]) / 2


def _matches(
    index: Index,
    distances: Floats,
    nearest: npt.NDArray[np.int64],
    similarities: Floats,
    confidence: npt.NDArray[np.float64] | None,
    top: int,
) -> list[Match]:
    """The `top` nearest parts by distances (parts,), without those at infinity."""
    found = []
    for rank, part in enumerate(np.argsort(distances, kind="stable")[:top], 1):
        if not np.isfinite(distances[part]):
            break
        said, view = index.parts[part], index.views[nearest[part]]
        sure = None if confidence is None else float(confidence[part])
        by_views = float(similarities[part])
        found.append(Match(rank, said.part_id, said.label, said.name, float(distances[part]), view, sure, by_views))
    return found
