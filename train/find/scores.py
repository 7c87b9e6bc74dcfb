"""Figures of found boxes, without regard to classes: recall and average precision at an IoU of .5, as COCO counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from photos.finder.overlap import overlaps

Floats = npt.NDArray[np.float32]

IOU = 0.5


@dataclass(frozen=True)
class FoundBoxes:
    """Of one picture: `boxes` (k, 4) x_min, y_min, x_max, y_max with `scores` (k,), and the `true` ones (t, 4)."""

    boxes: Floats
    scores: Floats
    true: Floats


@dataclass(frozen=True)
class DetectionScores:
    """`recall`: share of true boxes that are found (IoU from .5) with scores from `threshold`; `precision`: share of
    found boxes that are right there; `average_precision` over all scores. NaN where there is nothing to count.
    """

    recall: float
    precision: float
    average_precision: float
    threshold: float


def matched(found: FoundBoxes) -> npt.NDArray[np.bool_]:
    """(k,) whether each found box is right: best score first, each takes the free true box that it covers best."""
    right, taken = np.zeros(len(found.boxes), bool), np.zeros(len(found.true), bool)
    shared = overlaps(found.boxes, found.true)
    for index in np.argsort(-found.scores, kind="stable"):
        free = np.where(taken, -1, shared[index])
        if len(free) and free.max() >= IOU:
            right[index] = taken[free.argmax()] = True
    return right


def detection_scores(pictures: Sequence[FoundBoxes], threshold: float) -> DetectionScores:
    """Scores of all `pictures` together."""
    scores = np.concatenate([one.scores for one in pictures]) if pictures else np.zeros(0)
    right = np.concatenate([matched(one) for one in pictures]) if pictures else np.zeros(0, bool)
    true = sum(len(one.true) for one in pictures)
    sure = scores >= threshold
    return DetectionScores(
        recall=float(right[sure].sum() / true) if true else float("nan"),
        precision=float(right[sure].mean()) if sure.any() else float("nan"),
        average_precision=average_precision(scores, right, true),
        threshold=threshold,
    )


def average_precision(scores: npt.NDArray[np.floating], right: npt.NDArray[np.bool_], true: int) -> float:
    """COCO's: the mean over recalls 0, .01, ... 1 of the best precision at that recall or a higher one."""
    if not true:
        return float("nan")
    hits = np.cumsum(right[np.argsort(-scores, kind="stable")])
    precision = hits / np.arange(1, len(hits) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(hits / true, np.linspace(0, 1, 101), side="left")
    return float(np.append(precision, 0.0)[np.minimum(at, len(hits))].mean())


def best_threshold(pictures: Sequence[FoundBoxes]) -> float:
    """The score from which precision and recall of `pictures` are best together (F1); 0.5 where nothing is found."""
    scores = np.concatenate([one.scores for one in pictures]) if pictures else np.zeros(0)
    if not len(scores):
        return 0.5
    right = np.concatenate([matched(one) for one in pictures])
    order = np.argsort(-scores, kind="stable")
    true = sum(len(one.true) for one in pictures)
    f1 = 2 * np.cumsum(right[order]) / (np.arange(1, len(scores) + 1) + true)
    return float(scores[order][f1.argmax()])
