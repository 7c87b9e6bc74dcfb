"""Which photos a person should name next: those that the model is unsure of, and no two that are much alike.

Clustering weighed by uncertainty, CLUE (Prabhu et al., ICCV 2021): k-means of the photos' features in which each counts
by the entropy of its class probabilities, with as many clusters as photos are wanted; the photo next to each centre is
asked about. No label of a photo is used.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import entropy

from cad2real.layout import Layout
from train.data.datasets import read_target
from train.model import Model
from train.stages.probe import FLOOR

LEAST_UNSURE = 1e-6  # nats; a photo that the model is certain of weighs next to nothing


@dataclass(frozen=True)
class Suggestion:
    """A square to name, what the model takes it for, and with which probability."""

    square: str
    guess: str
    probability: float


def suggest(layout: Layout, model: Model, count: int, known: Collection[str]) -> list[Suggestion]:
    """At most `count` of the squares of the project, the least sure first, without those in `known`."""
    target = read_target(layout.squares, model.image_size, layout.cache)
    rows = np.array([row for row, square in enumerate(target.squares) if square not in known], dtype=np.int64)
    probabilities = model.probabilities(target.images[rows], target.extents[rows])
    chosen = unsure_and_varied(among_themselves(model.pooled(target.images[rows])), probabilities, count, 0)
    best = probabilities.argmax(axis=1)
    return [
        Suggestion(target.squares[rows[row]], model.classes[best[row]], float(probabilities[row, best[row]]))
        for row in chosen
    ]


def among_themselves(pooled: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Features (n, d) of photos by their own mean and spread, of length 1: what tells them from renders, which all of
    them share, would drown what tells them apart.
    """
    standardised = (pooled - pooled.mean(axis=0)) / np.maximum(pooled.std(axis=0), FLOOR)
    scaled: npt.NDArray[np.float64] = standardised / np.maximum(
        np.linalg.norm(standardised, axis=1, keepdims=True), FLOOR
    )
    return scaled


def unsure_and_varied(
    features: npt.NDArray[np.float64], probabilities: npt.NDArray[np.float64], count: int, seed: int
) -> list[int]:
    """Rows, at most `count`, of photos with `features` (n, d) and class `probabilities` (n, c), the least sure first.

    >>> sure, unsure = [0.99, 0.01], [0.5, 0.5]
    >>> places = np.array([[0.0, 0.0], [0.1, 0.0], [5.0, 5.0], [5.1, 5.0]])
    >>> unsure_and_varied(places, np.array([sure, unsure, unsure, sure]), count=2, seed=0)
    [1, 2]
    """
    from sklearn.cluster import KMeans

    doubt = entropy(probabilities, axis=1)
    if len(features) <= count:
        return [int(row) for row in np.argsort(-doubt, kind="stable")]
    weights = np.maximum(doubt, LEAST_UNSURE)
    centres = KMeans(count, n_init=1, random_state=seed).fit(features, sample_weight=weights).cluster_centers_
    chosen: list[int] = []
    for centre in centres:
        distances = np.square(features - centre).sum(axis=1)
        distances[chosen] = np.inf
        chosen.append(int(distances.argmin()))
    return sorted(chosen, key=lambda row: (-doubt[row], row))
