"""How well rankings of parts and scores of novelty are: accuracy at k, mAP, NDCG, AUROC, false positives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

CUT = 10  # of NDCG
KNOWN_KEPT = 0.95

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class PartScores:
    """Of photos: shares whose right part is the first, or among the first 5 or 10; mean average precision; NDCG of the
    first 10. All in [0, 1].
    """

    photos: int
    accuracy_1: float
    accuracy_5: float
    accuracy_10: float
    mean_average_precision: float
    ndcg_10: float

    def as_dict(self) -> dict[str, float | int]:
        return _rounded(asdict(self))


def part_scores(distances: npt.NDArray[np.floating], right: Flags) -> PartScores | None:
    """Scores of distances (q, p) of parts to photos, where right (q, p) says which part a photo shows: at least one.
    None without a photo.

    >>> part_scores(np.array([[0.1, 0.2, 0.3]]), np.array([[False, True, False]])).mean_average_precision
    0.5
    """
    if not len(distances):
        return None
    order = np.argsort(distances, axis=1, kind="stable")
    hits = np.take_along_axis(right, order, axis=1)
    places = np.arange(1, hits.shape[1] + 1)
    precision = np.cumsum(hits, axis=1) / places
    gain = 1 / np.log2(places + 1)
    best = np.cumsum(gain[:CUT])[np.minimum(hits.sum(axis=1), min(CUT, len(gain))) - 1]
    first, in_5, in_10 = (float(hits[:, :count].any(axis=1).mean()) for count in (1, 5, 10))
    mean_average_precision = float(((precision * hits).sum(axis=1) / hits.sum(axis=1)).mean())
    ndcg = float(((hits * gain)[:, :CUT].sum(axis=1) / best).mean())
    return PartScores(len(hits), first, in_5, in_10, mean_average_precision, ndcg)


@dataclass(frozen=True)
class NoveltyScores:
    """How well a score of novelty, high for things that are not in the catalogue, tells them from photos of parts:
    `auroc`; `false_alarms_at_95`: share of photos of parts called new where 95 % of the new things are; at the
    threshold that was fixed beforehand `known_rejected`, `new_detected` and `accuracy`, their balanced one.
    """

    known: int
    new: int
    auroc: float
    false_alarms_at_95: float
    known_rejected: float | None
    new_detected: float | None
    accuracy: float | None

    def as_dict(self) -> dict[str, float | int | None]:
        return _rounded(asdict(self))


def novelty_scores(known: Floats, new: Floats, threshold: float | None) -> NoveltyScores | None:
    """Scores of `known` (n,) and `new` (m,) photos' novelty; `threshold`: from which a photo is called new. None
    without photos of both kinds.

    >>> novelty_scores(np.array([0.1, 0.2]), np.array([0.3, 0.15]), 0.25).auroc
    0.75
    """
    from sklearn.metrics import roc_auc_score

    if not len(known) or not len(new):
        return None
    truth = np.concatenate([np.zeros(len(known)), np.ones(len(new))])
    auroc = float(roc_auc_score(truth, np.concatenate([known, new])))
    caught = float(np.quantile(new, 1 - KNOWN_KEPT, method="lower"))
    alarms = float((known >= caught).mean())
    if threshold is None:
        return NoveltyScores(len(known), len(new), auroc, alarms, None, None, None)
    rejected, detected = float((known >= threshold).mean()), float((new >= threshold).mean())
    return NoveltyScores(len(known), len(new), auroc, alarms, rejected, detected, (1 - rejected + detected) / 2)


def mean_scores(scores: Sequence[NoveltyScores]) -> NoveltyScores | None:
    """The mean of each figure of `scores`, all of which weigh alike; of photos the sum. None of nothing.

    >>> one, other = NoveltyScores(9, 1, 0.6, 1.0, 0.1, 0.3, 0.6), NoveltyScores(1, 1, 0.8, 0.0, None, None, None)
    >>> mean_scores([one, other]).as_dict()["auroc"], mean_scores([one, other]).accuracy
    (0.7, 0.6)
    """
    if not scores:
        return None
    rows = [asdict(one) for one in scores]
    known = {name: [row[name] for row in rows if row[name] is not None] for name in rows[0]}
    means = {name: sum(values) / len(values) if values else None for name, values in known.items()}
    return NoveltyScores(**{**means, "known": sum(known["known"]), "new": sum(known["new"])})


def _rounded[T](scores: dict[str, T]) -> dict[str, T | float]:
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in scores.items()}
