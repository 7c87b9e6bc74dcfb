"""Scores of masks against NumPy and by hand; agreement with boxes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from train.losses.self_training import IGNORED
from train.segment.scores import BoxAgreement, mask_scores


def test_iou_by_class_is_that_of_numpy_over_all_pictures() -> None:
    rng = np.random.default_rng(0)
    pairs = [(rng.integers(0, 4, shape), rng.integers(IGNORED, 4, shape)) for shape in ((5, 7), (8, 3))]
    scores = mask_scores(pairs, 5)
    found, true = (np.concatenate([pair[side].ravel() for pair in pairs]) for side in (0, 1))
    found, true = found[true != IGNORED], true[true != IGNORED]
    expected = [((found == k) & (true == k)).sum() / ((found == k) | (true == k)).sum() for k in range(4)]
    assert scores.by_class[:4] == pytest.approx(expected)
    assert math.isnan(scores.by_class[4])
    assert scores.mean_iou == pytest.approx(np.mean(expected))
    assert scores.parts_iou == pytest.approx(np.mean(expected[1:]))


def test_a_class_that_is_found_and_not_there_counts_as_wrong() -> None:
    true, found = np.zeros((2, 2), int), np.array([[0, 0], [0, 1]])
    assert mask_scores([(found, true)], 3).by_class[:2] == pytest.approx((0.75, 0.0))


def test_without_pictures_nothing_is_defined() -> None:
    scores = mask_scores([], 3)
    assert math.isnan(scores.mean_iou)
    assert math.isnan(scores.parts_iou)


def test_boxes_agree_with_the_piece_that_lies_in_them() -> None:
    found = np.zeros((20, 20), np.uint8)
    found[2:8, 2:8] = 1  # all of the first box
    found[12:16, 10:20] = 2  # right class, twice as wide as the second box
    found[12:16, 2:6] = 3  # another class where the third box is
    agreement = BoxAgreement()
    boxes = [((2.0, 2.0, 8.0, 8.0), 1), ((10.0, 12.0, 15.0, 16.0), 2), ((2.0, 12.0, 6.0, 16.0), 1)]
    agreement.add(found, boxes)
    assert agreement.overlaps == pytest.approx([1, 0.5, 0])
    assert agreement.named == [True, True, False]
    assert agreement.mean_overlap() == pytest.approx((0.5 + 0.5) / 2)  # class 1: (1 + 0) / 2, class 2: .5
    assert agreement.share_named() == pytest.approx((0.5 + 1) / 2)


def test_a_box_without_any_part_in_it_agrees_with_nothing() -> None:
    agreement = BoxAgreement()
    agreement.add(np.zeros((9, 9), np.uint8), [((1.0, 1.0, 5.0, 5.0), 1), ((8.0, 8.0, 30.0, 30.0), 1)])
    assert agreement.mean_overlap() == 0
    assert agreement.share_named() == 0
    assert math.isnan(BoxAgreement().mean_overlap())
