"""The scores of rankings and of novelty, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, ndcg_score, roc_curve

from search.scores.parts import novelty_scores, part_scores


def test_rankings_are_scored_as_scikit_learn_does() -> None:
    rng = np.random.default_rng(0)
    distances, right = rng.random((40, 30)), rng.random((40, 30)) < 0.1
    right[np.arange(40), rng.integers(0, 30, 40)] = True
    scores = part_scores(distances, right)
    assert scores is not None
    each = [average_precision_score(one, -row) for one, row in zip(right, distances, strict=True)]
    assert scores.mean_average_precision == pytest.approx(np.mean(each))
    assert scores.ndcg_10 == pytest.approx(ndcg_score(right, -distances, k=10))
    first = right[np.arange(40), distances.argmin(axis=1)].mean()
    assert scores.accuracy_1 == pytest.approx(first) and scores.accuracy_1 <= scores.accuracy_5 <= scores.accuracy_10


def test_novelty_is_scored_as_scikit_learn_does() -> None:
    rng = np.random.default_rng(1)
    known, new = rng.normal(0, 1, 300), rng.normal(1.5, 1, 200)
    scores = novelty_scores(known, new, 1.0)
    assert scores is not None
    truth = np.concatenate([np.zeros(300), np.ones(200)])
    alarms, caught, _ = roc_curve(truth, np.concatenate([known, new]), drop_intermediate=False)
    assert scores.false_alarms_at_95 == pytest.approx(alarms[np.argmax(caught >= 0.95)], abs=0.01)
    assert scores.known_rejected == (known >= 1).mean() and scores.new_detected == (new >= 1).mean()


def test_nothing_is_said_of_nothing() -> None:
    assert part_scores(np.zeros((0, 3)), np.zeros((0, 3), bool)) is None
    assert novelty_scores(np.array([0.1]), np.array([]), None) is None
