"""How well photos of parts that are not in the catalogue are noticed: each class is left out of it in turn.

The hard case is a part whose look-alike is in the catalogue: a technician holds the one, is told the other, and has to
see that it is not. So each class that is left out is also told from the photos of its look-alike alone. Which class
looks most like it is said by renders: it is the one whose parts are nearest to its views, as a part's page says with
what it is easily confused.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from search.evaluation.novelty import novelty, usual_novelty
from search.index import Index
from search.ranking import Floats, Queries, part_distances, part_similarities
from search.scores.parts import NoveltyScores, mean_scores, novelty_scores

WAYS = ("by_renders", "by_photos", "by_distance")

Rows = npt.NDArray[np.bool_]
Novelty = dict[str, npt.NDArray[np.float64]]


@dataclass(frozen=True)
class LookAlike:
    """A class that was left out, and the class that looks most like it; `similarity`: 1 minus the mean distance of the
    one's views to the nearest part of the other; `scores`: by way, of telling its photos from those of the other alone.
    """

    label: str
    look_alike: str
    similarity: float
    scores: dict[str, NoveltyScores]

    def as_dict(self) -> dict[str, Any]:
        scores = {way: one.as_dict() for way, one in self.scores.items()}
        return {"label": self.label, "look_alike": self.look_alike, "similarity": round(self.similarity, 4), **scores}


@dataclass(frozen=True)
class LeftOut:
    """`scores` by way: `by_renders`, by the limit of each part (`search.usual`); `by_photos`, by the photos of the
    other classes; `by_distance`, by the distance that the search ranks by. All photos of classes that are left out
    against all photos. `look_alikes`: each class against its look-alike, the most alike first.
    """

    scores: dict[str, NoveltyScores]
    look_alikes: tuple[LookAlike, ...]

    @property
    def most_alike(self) -> tuple[LookAlike, ...]:
        """The third of the classes that look most like another."""
        return self.look_alikes[: math.ceil(len(self.look_alikes) / 3)]

    @property
    def least_alike(self) -> tuple[LookAlike, ...]:
        """The other classes."""
        return self.look_alikes[len(self.most_alike) :]

    def as_dict(self) -> dict[str, Any]:
        groups = {"most_alike": self.most_alike, "least_alike": self.least_alike}
        return {
            "not_in_catalogue": {way: one.as_dict() for way, one in self.scores.items()},
            "look_alikes": {
                **{
                    name: {way: one.as_dict() for way, one in mean_by_way(group).items()}
                    for name, group in groups.items()
                },
                "classes": [one.as_dict() for one in self.look_alikes],
            },
        }


def mean_by_way(classes: tuple[LookAlike, ...]) -> dict[str, NoveltyScores]:
    """The mean of the scores of `classes`, all of which weigh alike; by way, without those that none has."""
    found = {way: mean_scores([one.scores[way] for one in classes if way in one.scores]) for way in WAYS}
    return {way: one for way, one in found.items() if one is not None}


def left_out(index: Index, queries: Queries, right: Rows) -> LeftOut:
    """How photos of classes are noticed that the `index` has not, by `queries`, of which right (q, parts) says which
    parts they show. Every second photo stands for those that the model was adapted to, without its label; the others
    are scored. The network has seen all classes in training.
    """
    used = np.arange(len(right)) % 2 == 0
    photos = queries.embeddings[used]
    known = _novelty(index, queries, photos)
    thresholds = {
        "by_renders": 0.0,
        "by_photos": usual_novelty(novelty(photos, photos, same=True)),
        "by_distance": usual_novelty(known["by_distance"][used]),
    }
    new = {way: np.full(len(right), np.nan) for way in known}
    look_alikes = []
    for label in sorted(index.labels):
        own = np.array([part.label == label for part in index.parts])
        rows = right[:, own].any(axis=1)
        views = index.embeddings[own[index.part_rows]]
        if own.all() or not rows.any() or not (used & ~rows).any() or not len(views) or len(views) == len(index.views):
            continue
        smaller = index.only(~own)
        other, similarity = _look_alike(smaller, views)
        of_other = right[:, [part.label == other for part in index.parts]].any(axis=1) & ~rows
        asked = np.flatnonzero(rows | of_other)
        found = _novelty(smaller, _without(index, queries, own, asked), queries.embeddings[used & ~rows])
        for way, values in found.items():
            new[way][rows] = values[rows[asked]]
        scored = ~used[asked]
        told = {
            way: novelty_scores(values[of_other[asked] & scored], values[rows[asked] & scored], thresholds[way])
            for way, values in found.items()
        }
        if there := {way: one for way, one in told.items() if one is not None}:
            look_alikes.append(LookAlike(label, other, similarity, there))
    all_of_them = {
        way: novelty_scores(known[way][~used], values[~used & np.isfinite(values)], thresholds[way])
        for way, values in new.items()
    }
    return LeftOut(
        {way: one for way, one in all_of_them.items() if one is not None},
        tuple(sorted(look_alikes, key=lambda one: -one.similarity)),
    )


def _novelty(index: Index, queries: Queries, photos: Floats) -> Novelty:
    """How new each photo (q,) is to `index` and to earlier `photos`, by way; `by_renders`, by how much it is less like
    the part that is found first than photos of that part are, where limits are known.
    """
    distances = part_distances(index, queries)[0]
    found = {
        "by_photos": novelty(queries.embeddings, photos).astype(np.float64),
        "by_distance": distances.min(axis=1).astype(np.float64),
    }
    if not np.isfinite(index.least_similarities).all():
        return found
    first = distances.argmin(axis=1)
    similar = part_similarities(index, queries.embeddings)[np.arange(len(first)), first]
    return {"by_renders": index.least_similarities[first] - similar, **found}


def _look_alike(smaller: Index, views: Floats) -> tuple[str, float]:
    """The label in `smaller` of the part that `views` (n, d) of others are nearest to, and how near: 1 minus their mean
    distance.
    """
    distances = part_distances(smaller, Queries(views))[0].mean(axis=0)
    nearest = int(distances.argmin())
    return smaller.parts[nearest].label, 1 - float(distances[nearest])


def _without(index: Index, queries: Queries, own: Rows, asked: npt.NDArray[np.int64]) -> Queries:
    """Those of `queries` whose numbers are `asked`, to the index without the parts `own` (parts,): of a classifier that
    never knew their classes.
    """
    embeddings = queries.embeddings[asked]
    if queries.probabilities is None:
        return Queries(embeddings)
    return Queries(embeddings, without_classes(queries.probabilities[asked], own, index)[:, ~own])


def without_classes(probabilities: Floats, own: Rows, index: Index) -> Floats:
    """`probabilities` (q, parts) of a classifier that never knew the classes of the parts `own` (parts,)."""
    first = np.array([[part.label for part in index.parts].index(part.label) for part in index.parts])
    classes = first == np.arange(len(first))
    left = np.nansum(probabilities[:, classes & ~own], axis=1, keepdims=True)  # NaN: added after training
    shared: Floats = (probabilities / np.maximum(left, 1e-6)).astype(np.float32)
    shared[:, own] = 0
    return shared
