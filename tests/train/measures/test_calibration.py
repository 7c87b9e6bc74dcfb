"""Calibration error and temperature against numbers by hand and models whose error is known; top-k accuracy."""

import numpy as np
import pytest

from train.measures.accuracy import top_accuracy
from train.measures.calibration import at_temperature, calibration_error, fit_temperature


def overconfident(rows: int, classes: int, factor: float) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities whose logits are `factor` times the true ones, and labels drawn from the true ones."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (rows, classes))
    true = at_temperature(np.exp(logits) / np.exp(logits).sum(1, keepdims=True), 1.0)
    labels = np.array([rng.choice(classes, p=row) for row in true])
    return at_temperature(true, 1 / factor), labels


def test_error_by_hand() -> None:
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
    labels = np.array([0, 1, 0, 1])
    # bins: {.9, .9}: half right, gap .4 x 2; {.6}: right, gap .4; {.8}: right, gap .2; over four photos
    assert calibration_error(probabilities, labels) == pytest.approx((0.8 + 0.4 + 0.2) / 4)
    sure = np.eye(3)[[0, 1, 2]]
    assert calibration_error(sure, np.array([0, 1, 2])) == 0
    assert calibration_error(sure, np.array([1, 2, 0])) == 1
    assert np.isnan(calibration_error(np.zeros((0, 3)), np.zeros(0, dtype=np.int64)))


def test_the_temperature_of_an_overconfident_model_is_found() -> None:
    probabilities, labels = overconfident(4000, 6, 2.5)
    temperature = fit_temperature(probabilities, labels)
    assert temperature == pytest.approx(2.5, rel=0.05)
    assert calibration_error(probabilities, labels) > 0.1
    assert calibration_error(at_temperature(probabilities, temperature), labels) < 0.02


def test_a_temperature_changes_no_answer() -> None:
    probabilities, _ = overconfident(50, 6, 1.0)
    for temperature in (0.1, 3.0):
        changed = at_temperature(probabilities, temperature)
        assert (changed.argmax(1) == probabilities.argmax(1)).all()
        assert np.allclose(changed.sum(1), 1)


def test_there_is_no_temperature_without_rows_or_with_one_class() -> None:
    assert fit_temperature(np.zeros((0, 3)), np.zeros(0, dtype=np.int64)) is None
    assert fit_temperature(np.ones((4, 1)), np.zeros(4, dtype=np.int64)) is None


@pytest.mark.parametrize(("answers", "low", "high"), [([0, 1, 2], 0.1, 1.0), ([1, 2, 0], 9.0, 10.0)])
def test_never_and_always_wrong_stay_in_bounds(answers: list[int], low: float, high: float) -> None:
    temperature = fit_temperature(np.eye(3), np.array(answers))
    assert temperature is not None and low <= temperature <= high


def test_top_k() -> None:
    probabilities = np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7], [0.2, 0.5, 0.3]])
    labels = np.array([1, 0, 1])
    assert [top_accuracy(probabilities, labels, k) for k in (1, 2, 3, 5)] == pytest.approx([1 / 3, 2 / 3, 1, 1])
    assert top_accuracy(np.full((4, 10), 0.1), np.arange(4), 5) == 0  # knows nothing, gains nothing
