"""What the model is less sure of than of unseen renders is called unknown, if that is asked for; photos set nothing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cad2real.layout import Layout
from tests.train.conftest import SMALL, write_renders, write_squares
from train.measures.open_set import open_set_metrics, rejection_threshold
from train.model import Model
from train.stages import adapt, evaluate, probe


def test_the_threshold_rejects_the_share_of_renders_that_was_asked_for() -> None:
    rng = np.random.default_rng(0)
    told = rng.dirichlet([0.3] * 5, 1000)
    threshold = rejection_threshold(told, 0.1)
    assert threshold is not None and (told.max(1) < threshold).mean() == pytest.approx(0.1, abs=0.005)
    assert rejection_threshold(told, 0.0) is None and rejection_threshold(told[:0], 0.1) is None


def test_figures_of_a_case_done_by_hand() -> None:
    known, right = np.array([0.9, 0.8, 0.7, 0.3]), np.array([True, True, False, True])
    said = open_set_metrics(known, right, np.array([0.2, 0.4, 0.6, 0.75]), 0.5)
    assert (said["known_accepted"], said["accuracy_of_accepted"]) == (0.75, pytest.approx(2 / 3))
    assert (said["unknown_photos"], said["unknown_rejected"]) == (4, 0.5)
    assert said["auroc"] == pytest.approx(12 / 16)
    assert said["h_score"] == pytest.approx(2 * 0.5 * 0.5 / (0.5 + 0.5))


def test_without_other_things_there_is_less_to_say() -> None:
    said = open_set_metrics(np.array([0.4]), np.array([True]), np.zeros(0), 0.5)
    assert said["unknown_rejected"] is None and said["auroc"] is None and said["accuracy_of_accepted"] is None


@pytest.mark.parametrize("photos", [6, 1])  # one is too few to adapt to: renders alone train
def test_evaluate_and_the_model_agree_on_the_threshold(photos: int, tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    write_renders(layout.renders, classes=("bar", "disc"))
    write_squares(layout.squares, photos=photos)
    params = SMALL.model_copy(update={"unknown_share": 0.5, "epochs": 1})
    probe.run(layout, params)
    adapt.run(layout, params)
    found = evaluate.run(layout)["adapted"]["open_set"]
    assert found["threshold"] == Model.load(layout.models / "adapt").unknown_below
    assert found["unknown_photos"] == photos // 3, "rings have no CAD here"
    metrics = json.loads((layout.reports / "metrics.json").read_text())
    assert metrics["adapted_known_accepted"] == pytest.approx(found["known_accepted"], abs=1e-4)


def test_nothing_is_rejected_unless_asked_for(project: Layout) -> None:
    params = SMALL.model_copy(update={"epochs": 1})
    probe.run(project, params)
    adapt.run(project, params)
    assert Model.load(project.models / "adapt").unknown_below is None
    assert "open_set" not in evaluate.run(project)["adapted"]
