"""How near each part is to a photo: similarity of its nearest views and class probability, combined into a distance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from search.index import Index
from search.part_filter import EVERY_PART, PartFilter
from search.places import Place

BEST_VIEWS = 3  # a photo shows a part from one side: its nearest views count; one alone would be a matter of luck
SHORTLIST = (
    200  # parts of a large catalogue that are compared exactly, at least: recall@10 of 10,000 parts .99 (100: .98)
)
SHARPNESS = 0.03
"""Similarities become shares of a photo by a softmax at this temperature, where a part was added after training."""
AT_ONCE = 2**22  # similarities of photos and renders in memory at once: 16 MB, and as much again twice

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Queries:
    """What the model makes of q photos: `embeddings` (q, d), L2-normalised, and `probabilities` (q, parts of the
    index), in [0, 1], the classifier's for each part's label, NaN of a label that it has not learned; None where it has
    learned none of them. `confidence` (q, parts): the same, calibrated on held-out renders; None where that is not
    known.
    """

    embeddings: Floats
    probabilities: Floats | None = None
    confidence: npt.NDArray[np.float64] | None = None

    def rows(self, some: Sequence[int]) -> Queries:
        """The same of some of the photos."""
        probabilities = None if self.probabilities is None else self.probabilities[some]
        confidence = None if self.confidence is None else self.confidence[some]
        return Queries(self.embeddings[some], probabilities, confidence)


@dataclass(frozen=True)
class Match:
    """A part that was found: `distance` 0 (the same) to 1.5, `view` its nearest picture, relative to data/renders,
    `confidence` the calibrated probability of its label, None where it is not known; `similarity` the mean cosine of
    its nearest views; `read` the text in the photo that names it, None where none does; `size_fit` in [0, 1] how well
    its size is that in the photo, None where that is not known; `least_similarity` that photos of it have, as a rule;
    `places`: where it stands in the part list.
    """

    rank: int
    part_id: str
    label: str
    name: str
    distance: float
    view: str
    confidence: float | None = None
    similarity: float = 0.0
    read: str | None = None
    size_fit: float | None = None
    least_similarity: float | None = None
    places: tuple[Place, ...] = ()

    @property
    def is_unusual(self) -> bool:
        """Whether photos of the part are more like its views than this one is."""
        return self.least_similarity is not None and self.similarity < self.least_similarity

    def as_dict(self) -> dict[str, Any]:
        said = {**asdict(self), "distance": round(self.distance, 4), "similarity": round(self.similarity, 4)}
        if self.confidence is not None:
            said["confidence"] = round(self.confidence, 4)
        if self.size_fit is not None:
            said["size_fit"] = round(self.size_fit, 4)
        return {name: value for name, value in said.items() if value is not None and value != ()}


def part_distances(index: Index, queries: Queries) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Distance of every part to every query (q, parts), and the row of its nearest view (q, parts).

    The distance is the mean of two: 1 minus the mean cosine of the part's nearest views, and 1 minus the classifier's
    probability of its label. The first tells parts of one label apart; the second is what training has learned. Both
    together find more than either alone. Without probabilities it is the first only. Parts without views are at
    infinity. What was added after training counts as less similar by its handicap.
    """
    similarities, nearest = _similarities(index, queries.embeddings)
    counted = similarities - index.handicaps
    return _distances(counted, with_added_parts(counted, queries.probabilities)), nearest


def with_added_parts(similarities: Floats, probabilities: Floats | None) -> Floats | None:
    """`probabilities` (q, parts) without NaN: a part that was added after training gets the share that its similarity
    (q, parts) has among those of all parts, and what the classifier says of the others is of what these shares leave.

    >>> similarities = np.array([[0.9, 0.5]], dtype=np.float32)
    >>> with_added_parts(similarities, np.array([[np.nan, 1.0]], dtype=np.float32)).round(3).tolist()
    [[1.0, 0.0]]
    """
    if probabilities is None:
        return None
    added = np.isnan(probabilities)
    if not added.any():
        return probabilities
    with np.errstate(invalid="ignore"):
        shares = np.exp((similarities - similarities.max(axis=1, keepdims=True)) / SHARPNESS)
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    left = 1 - np.where(added, shares, 0).sum(axis=1, keepdims=True)
    whole: Floats = np.where(added, shares, np.nan_to_num(probabilities) * left).astype(np.float32)
    return whole


def _distances(similarities: Floats, probabilities: Floats | None) -> Floats:
    """Distances (q, parts) of similarities (q, parts), -inf of parts without views, and probabilities (q, parts)."""
    distances = 1 - similarities
    if probabilities is not None:
        distances += 1 - probabilities
        distances /= 2
    return distances


def part_similarities(index: Index, queries: Floats, views: int = BEST_VIEWS) -> Floats:
    """Mean cosine (q, parts) of queries (q, d) and the `views` nearest of each part, -inf of a part without views."""
    return _similarities_by(index, queries, index.embeddings, views)


def _similarities_by(index: Index, queries: Floats, rows: Floats, views: int = BEST_VIEWS) -> Floats:
    """As `part_similarities`, of queries (q, k) and rows (n, k) in whichever form."""
    found = np.full((len(queries), len(index.parts)), -np.inf, dtype=np.float32)
    for start in range(0, len(queries), step := max(1, AT_ONCE // max(1, len(rows)))):
        similarities = queries[start : start + step] @ rows.T
        for alike in index.alike:
            found[start : start + step, alike.parts] = _mean_of_best(alike.of(similarities), views)
    return found


def _similarities(index: Index, queries: Floats) -> tuple[Floats, npt.NDArray[np.int64]]:
    """As `part_similarities`, and the row of each part's nearest view, both (q, parts)."""
    found = np.full((len(queries), len(index.parts)), -np.inf, dtype=np.float32)
    nearest = np.zeros(found.shape, dtype=np.int64)
    step = max(1, AT_ONCE // max(1, len(index.embeddings)))
    for start in range(0, len(queries), step):
        some = slice(start, start + step)
        similarities = queries[some] @ index.embeddings.T
        for alike in index.alike:
            own = alike.of(similarities)
            found[some, alike.parts] = _mean_of_best(own)
            nearest[some, alike.parts] = np.take_along_axis(alike.rows[None], own.argmax(axis=2)[..., None], 2)[..., 0]
    return found, nearest


def _mean_of_best(similarities: Floats, best: int = BEST_VIEWS) -> Floats:
    """Mean (q, p) of the `best` highest of similarities (q, p, c)."""
    views = similarities.shape[2]
    if views > best:
        similarities = np.partition(similarities, views - best, axis=2)[..., views - best :]
    mean: Floats = similarities.mean(axis=2)
    return mean


def nearest_parts(
    index: Index, queries: Queries, top: int, wanted: PartFilter = EVERY_PART, together: bool = False
) -> list[list[Match]]:
    """For each query the `top` nearest of the parts that `wanted` lets pass, nearest first; equal distances in the
    order of the index. Of a large catalogue only those are compared exactly that are near by its short form.
    `together`: the queries are photos of one part, which has one answer.

    >>> from search.index import IndexedPart
    >>> parts = (IndexedPart("m8", "bolt", "Bolt M8"), IndexedPart("m10", "nut", "Nut M10"))
    >>> index = Index(np.eye(2, dtype=np.float32), parts, np.array([0, 1]), ("m8/0.png", "m10/0.png"), "adapt", "key")
    >>> photo = Queries(np.array([[0.6, 0.8]], dtype=np.float32))
    >>> [(match.part_id, round(match.distance, 2)) for match in nearest_parts(index, photo, top=2)[0]]
    [('m10', 0.2), ('m8', 0.4)]
    """
    if index.principal is None:
        similarities, nearest = _similarities(index, queries.embeddings)
    else:
        similarities = _similarities_by(index, queries.embeddings @ index.principal.axes, index.principal.reduced)
        nearest = np.zeros(similarities.shape, dtype=np.int64)  # of those that are compared exactly it is found then
    probabilities = with_added_parts(similarities - index.handicaps, queries.probabilities)
    if not wanted.passes_all:
        similarities[:, ~wanted.mask(index.parts)] = -np.inf
    if index.principal is not None:
        short_distances = _distances(similarities - index.handicaps, probabilities)
        if together:
            short_distances[:] = short_distances.mean(axis=0)
        for row, distances in enumerate(short_distances):
            near = _nearest_numbers(distances, max(SHORTLIST, 2 * top))
            _compare_exactly(index, queries.embeddings[row], near, similarities[row], nearest[row])
    compared = Compared(similarities, nearest, probabilities, queries.confidence)
    return ranked(index, compared.as_one() if together else compared, top)


@dataclass(frozen=True)
class Compared:
    """What is known of parts for q queries: `similarities` (q, parts), -inf of those that are out, rows of the
    `nearest` views (q, parts), `probabilities` and `confidence` (q, parts) as in `Queries`, without NaN in the first.
    """

    similarities: Floats
    nearest: npt.NDArray[np.int64]
    probabilities: Floats | None
    confidence: npt.NDArray[np.float64] | None

    def as_one(self) -> Compared:
        """The same as of one query, where all of them are photos of one part: means of what each photo says (the sum
        rule of Kittler et al., TPAMI 1998: one bad photo does not outvote the others, as it would in a product), and of
        each part the view that is nearest to any of them.

        >>> first, second = np.array([0.9, 0.5], np.float32), np.array([0.3, 0.5], np.float32)
        >>> two = Compared(np.stack([first, second]), np.array([[0, 2], [1, 3]]), None, None)
        >>> two.as_one().similarities.tolist(), two.as_one().nearest.tolist()
        ([[0.6000000238418579, 0.5]], [[0, 2]])
        """
        best = self.similarities.argmax(axis=0)
        nearest = np.take_along_axis(self.nearest, best[None], axis=0)
        probabilities = None if self.probabilities is None else self.probabilities.mean(axis=0, keepdims=True)
        confidence = None if self.confidence is None else self.confidence.mean(axis=0, keepdims=True)
        return Compared(self.similarities.mean(axis=0, keepdims=True), nearest, probabilities, confidence)


def ranked(index: Index, compared: Compared, top: int) -> list[list[Match]]:
    """For each query of `compared` the `top` nearest parts."""
    distances = _distances(compared.similarities - index.handicaps, compared.probabilities)
    sure = [None] * len(distances) if compared.confidence is None else compared.confidence
    rows = zip(distances, compared.nearest, compared.similarities, sure, strict=True)
    return [_matches(index, *row, top) for row in rows]


def _nearest_numbers(distances: Floats, count: int) -> npt.NDArray[np.int64]:
    """The numbers of the `count` parts with the least of distances (parts,), without those at infinity."""
    count = min(count, len(distances))
    near = np.argpartition(distances, count - 1)[:count]
    return near[np.isfinite(distances[near])]


def _compare_exactly(
    index: Index, query: Floats, near: npt.NDArray[np.int64], similarities: Floats, nearest: npt.NDArray[np.int64]
) -> None:
    """Puts the exact similarities of parts `near` to query (d,) into `similarities` (parts,), -inf of all others."""
    similarities[:] = -np.inf
    for alike in index.alike:
        there = np.isin(alike.parts, near)
        parts, rows = alike.parts[there], alike.rows[there]
        own = _products(index.embeddings, rows, query)
        similarities[parts] = _mean_of_best(own[None])[0]
        nearest[parts] = np.take_along_axis(rows, own.argmax(axis=1)[:, None], 1)[:, 0]


def _products(embeddings: Floats, rows: npt.NDArray[np.int64], query: Floats) -> Floats:
    """Scalar products (p, c) of query (d,) and the embeddings in `rows` (p, c), ascending in each. Views of a part lie
    side by side, unless an index was put together otherwise: then nothing is copied.
    """
    views = rows.shape[1]
    if views and (rows[:, -1] - rows[:, 0] == views - 1).all():
        return np.array([embeddings[first : first + views] @ query for first in rows[:, 0]]).reshape(rows.shape)
    products: Floats = (embeddings[rows.ravel()] @ query).reshape(rows.shape)
    return products


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
        sure = None if confidence is None or np.isnan(confidence[part]) else float(confidence[part])
        by_views = float(similarities[part])
        least = None if np.isnan(index.least_similarities[part]) else float(index.least_similarities[part])
        what = rank, said.part_id, said.label, said.name, float(distances[part]), view
        found.append(Match(*what, sure, by_views, least_similarity=least, places=said.places))
    return found
