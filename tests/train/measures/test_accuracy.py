"""Figures of predictions, for few classes and for thousands."""

from __future__ import annotations

import numpy as np
import pytest

from train.measures import accuracy
from train.measures.accuracy import classification_report


def test_very_many_classes_have_the_same_figures_and_no_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    rng, classes = np.random.default_rng(0), [f"part {number}" for number in range(12)]
    truth = [classes[number] for number in rng.integers(0, 9, 80)]  # of three classes there is no photo
    predicted = [label if rng.random() < 0.6 else classes[rng.integers(12)] for label in truth]
    few = classification_report(truth, predicted, classes)
    matrix = np.array(few.pop("confusion"))
    assert few["accuracy"] == np.trace(matrix) / matrix.sum()
    assert [row["correct"] for row in few["per_class"]] == matrix.diagonal().tolist()
    monkeypatch.setattr(accuracy, "MOST_CONFUSED", 11)
    monkeypatch.setattr(accuracy, "confusion_matrix", lambda *_, **__: pytest.fail("it would take gigabytes"))
    many = classification_report(truth, predicted, classes)
    assert many.pop("confusion") is None and many == few
