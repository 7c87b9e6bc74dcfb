"""Recall and average precision of boxes against counts by hand."""

import math

import numpy as np
import pytest

from photos.finder.overlap import overlaps
from train.find.scores import FoundBoxes, average_precision, best_threshold, detection_scores, matched


def boxes(*rows: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 4)


LEFT, RIGHT, FAR = (0, 0, 10, 10), (20, 0, 30, 10), (50, 50, 60, 60)


def found(scores: list[float], given: np.ndarray, true: np.ndarray) -> FoundBoxes:
    return FoundBoxes(given, np.array(scores, np.float32), true)


def test_overlaps() -> None:
    shared = overlaps(boxes(LEFT, (5, 0, 15, 10)), boxes(LEFT, FAR))
    assert shared == pytest.approx(np.array([[1, 0], [1 / 3, 0]]))


def test_each_true_box_is_taken_once_by_the_best_score() -> None:
    one = found([0.5, 0.9, 0.4], boxes(LEFT, LEFT, RIGHT), boxes(LEFT, RIGHT))
    assert matched(one).tolist() == [False, True, True]


def test_scores_of_two_pictures() -> None:
    pictures = [found([0.9, 0.8], boxes(LEFT, FAR), boxes(LEFT, RIGHT)), found([0.7], boxes(RIGHT), boxes(RIGHT))]
    scores = detection_scores(pictures, 0.75)
    assert (scores.recall, scores.precision) == (pytest.approx(1 / 3), 0.5)
    # precision 1 up to a recall of 1/3 (34 of 101 points), 2/3 up to 2/3 (33), then 0
    assert scores.average_precision == pytest.approx((34 * 1 + 33 * 2 / 3) / 101)


def test_average_precision_of_all_and_of_none() -> None:
    assert average_precision(np.array([0.9, 0.8]), np.array([True, True]), 2) == pytest.approx(1)
    assert average_precision(np.zeros(0), np.zeros(0, bool), 3) == 0
    assert math.isnan(average_precision(np.zeros(0), np.zeros(0, bool), 0))
    assert math.isnan(detection_scores([], 0.5).recall)


def test_the_best_threshold_keeps_what_is_right() -> None:
    pictures = [found([0.9, 0.6, 0.3], boxes(LEFT, RIGHT, FAR), boxes(LEFT, RIGHT))]
    assert best_threshold(pictures) == pytest.approx(0.6)
    assert best_threshold([]) == 0.5
