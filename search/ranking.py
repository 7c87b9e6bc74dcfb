"""How near each part is to a photo: similarity of its nearest views and class probability, combined into a distance."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from search.index import Index

BEST_VIEWS = 3  # a photo shows a part from one side: its nearest views count; one alone would be a matter of luck

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Queries:
    """What the model makes of q photos: `embeddings` (q, d), L2-normalised, and `probabilities` (q, parts of the
    index), in [0, 1], the classifier's for each part's label; None where it does not know all of the labels.
    """

    embeddings: Floats
    probabilities: Floats | None = None


@dataclass(frozen=True)
class Match:
    """A part that was found: `distance` 0 (the same) to 1.5, `view` its nearest picture, relative to data/renders."""

    rank: int
    part_id: str
    label: str
    name: str
    distance: float
    view: str

    def as_dict(self) -> dict[str, str | int | float]:
        return {**asdict(self), "distance": round(self.distance, 4)}


def part_distances(index: Index, queries: Queries) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Distance of every part to every query (q, parts), and the row of its nearest view (q, parts).

    The distance is the mean of two: 1 minus the mean cosine of the part's nearest views, and 1 minus the classifier's
    probability of its label. The first tells parts of one label apart; the second is what training has learned. Both
    together find more than either alone. Without probabilities it is the first only.
    """
    similarities = queries.embeddings @ index.embeddings.T
    distances = np.full((len(similarities), len(index.parts)), np.inf, dtype=np.float32)
    nearest = np.zeros(distances.shape, dtype=np.int64)
    for part in range(len(index.parts)):
        rows = np.flatnonzero(index.part_rows == part)
        if not len(rows):
            continue
        own = similarities[:, rows]
        best = np.sort(own, axis=1)[:, -BEST_VIEWS:]
        distances[:, part] = 1 - best.mean(axis=1)
        nearest[:, part] = rows[own.argmax(axis=1)]
    if queries.probabilities is not None:
        distances += 1 - queries.probabilities
        distances /= 2
    return distances, nearest


def nearest_parts(index: Index, queries: Queries, top: int) -> list[list[Match]]:
    """For each query the `top` nearest parts, nearest first; equal distances in the order of the index.

    >>> from search.index import IndexedPart
    >>> parts = (IndexedPart("m8", "bolt", "Bolt M8"), IndexedPart("m10", "nut", "Nut M10"))
    >>> index = Index(np.eye(2, dtype=np.float32), parts, np.array([0, 1]), ("m8/0.png", "m10/0.png"), "adapt", "key")
    >>> photo = Queries(np.array([[0.6, 0.8]], dtype=np.float32))
    >>> [(match.part_id, round(match.distance, 2)) for match in nearest_parts(index, photo, top=2)[0]]
    [('m10', 0.2), ('m8', 0.4)]
    """
    distances, nearest = part_distances(index, queries)
    found: list[list[Match]] = []
    for distance, view in zip(distances, nearest, strict=True):
        order = np.argsort(distance, kind="stable")[:top]
        found.append(
            [
                Match(
                    rank,
                    index.parts[part].part_id,
                    index.parts[part].label,
                    index.parts[part].name,
                    float(distance[part]),
                    index.views[view[part]],
                )
                for rank, part in enumerate(order, 1)
            ]
        )
    return found
