"""How far renders and photos lie apart in the features of each model, and a map of both: data/reports/gap.json."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from train.data.datasets import SourceDomain, TargetDomain
from train.measures.domain_gap import domain_gap
from train.model import Model

MOST_IMAGES = 1000  # of a domain; gaps of more cost memory and are hardly more exact
MOST_POINTS = 500  # of a domain on the map; more lie on top of each other
FEWEST_POINTS = 8  # in both domains together, so that there are neighbours to keep
COMPONENTS = 50  # principal components that t-SNE starts from: its authors' advice
PERPLEXITY = 30.0
FLAT = 1e-9  # features of length 1 that differ by less are equal

Float = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


def compare_domains(
    models: Mapping[str, Model], source: SourceDomain, target: TargetDomain, labels: Mapping[str, str], seed: int
) -> dict[str, Any]:
    """What gap.json holds: `renders` and `photos` (images compared), the gaps of each of `models` by its name, and
    `map`, the last model's features in two dimensions. `reason` instead where a domain has fewer than two images.

    `labels` (square -> label) only name points on the map.
    """
    rng = np.random.default_rng(seed)
    renders = _drawn(len(source.images), MOST_IMAGES, rng)
    photos = _drawn(len(target.images), MOST_IMAGES, rng)
    if min(len(renders), len(photos)) < 2:
        return {"reason": "It takes at least two renders and two photos to compare them."}
    compared: dict[str, Any] = {"renders": len(renders), "photos": len(photos), "seed": seed}
    source_features, target_features = np.zeros((0, 0)), np.zeros((0, 0))
    for name, model in models.items():
        source_features = model.features(source.images[renders], "source")
        target_features = model.features(target.images[photos], "target")
        gaps = domain_gap(source_features, target_features, MOST_IMAGES, seed)
        compared[name] = {key: float(f"{gap:.4g}") if math.isfinite(gap) else None for key, gap in gaps.items()}
    shown = [_drawn(count, MOST_POINTS, rng) for count in (len(renders), len(photos))]
    places = flat_map(source_features[shown[0]], target_features[shown[1]], seed)
    if places is not None:
        names = [source.classes[source.labels[row]] for row in renders[shown[0]]]
        squares = [target.squares[row] for row in photos[shown[1]]]
        compared["map"] = {
            "renders": _points(places[0], names),
            "photos": _points(places[1], [labels.get(square, "") for square in squares]),
        }
    return compared


def flat_map(source: Float, target: Float, seed: int) -> tuple[Float, Float] | None:
    """Places (n, 2) and (m, 2) in [0, 1] of features (n, d) and (m, d), by t-SNE of both together (van der Maaten &
    Hinton 2008): neighbours stay neighbours, distances between far groups mean little.

    None for too few rows, or where all are the same.
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    rows = np.concatenate([source, target])
    # t-SNE divides by the spread; without one it ends the process, not just the call.
    if len(rows) < FEWEST_POINTS or not np.isfinite(rows).all() or np.ptp(rows, axis=0).max() < FLAT:
        return None
    components = min(COMPONENTS, *rows.shape)
    reduced = PCA(components, svd_solver="full").fit_transform(rows)
    neighbours = min(PERPLEXITY, (len(rows) - 1) / 3)
    places = TSNE(2, perplexity=neighbours, init="pca", random_state=seed).fit_transform(reduced).astype(np.float64)
    low, high = places.min(axis=0), places.max(axis=0)
    places = (places - (low + high) / 2) / max(float((high - low).max()), 1e-12) + 0.5  # one scale for both axes
    return places[: len(source)], places[len(source) :]


def _drawn(count: int, most: int, rng: np.random.Generator) -> Rows:
    return np.arange(count) if count <= most else np.sort(rng.choice(count, most, replace=False))


def _points(places: Float, labels: list[str]) -> list[list[Any]]:
    return [[round(float(x), 4), round(float(y), 4), label] for (x, y), label in zip(places, labels, strict=True)]
