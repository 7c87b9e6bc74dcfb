"""Label-free scores: right models above wrong ones, a collapse is known, defined where there is nothing to score."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from numpy.typing import NDArray

from train.validators import (
    VALIDATORS,
    Outputs,
    clusters,
    dev,
    information,
    neighbourhood,
    score,
    source_accuracy,
    transfer,
)

type Floats = NDArray[np.float64]


def _outputs(quality: float, seed: int = 0, rows: int = 90, classes: int = 3, dimension: int = 6) -> Outputs:
    """A made-up model: `quality` 1 has tight clusters under confident logits, 0 has noise."""
    rng = np.random.default_rng(seed)
    labels = np.arange(rows) % classes
    centres = 4.0 * np.eye(classes, dimension)

    def features(shift: float) -> Floats:
        return quality * centres[labels] + shift + rng.normal(size=(rows, dimension)) * (1.2 - quality)

    head = np.eye(classes, dimension)
    source, target = features(0.0), features(0.3 * (1 - quality))
    return Outputs(source, 4 * source @ head.T, labels, target, 4 * target @ head.T, head_weight=head)


def _collapsed(rows: int = 30) -> Outputs:
    logits = np.zeros((rows, 3))
    logits[:, 1] = 30.0
    rng = np.random.default_rng(0)
    return Outputs(rng.normal(size=(rows, 4)), logits, np.arange(rows) % 3, rng.normal(size=(rows, 4)), logits)


@pytest.mark.parametrize("name", VALIDATORS)
def test_a_good_model_scores_above_a_bad_one(name: str) -> None:
    good, bad = (VALIDATORS[name](_outputs(quality)) for quality in (0.95, 0.2))
    if name == "snd":  # compares neighbourhoods of one model's training, not models of different confidence
        assert np.isfinite(good) and np.isfinite(bad)
    else:
        assert good > bad


def test_no_validator_can_see_target_labels() -> None:
    assert "target_labels" not in inspect.signature(Outputs).parameters


@pytest.mark.parametrize("name", ["information_maximisation", "bnm", "class_ami", "source_accuracy"])
def test_a_collapsed_model_scores_below_a_balanced_one(name: str) -> None:
    assert VALIDATORS[name](_collapsed()) < VALIDATORS[name](_outputs(0.9, rows=30))


def test_scores_of_a_collapsed_model() -> None:
    scores = score(_collapsed())
    assert scores["information_maximisation"] == pytest.approx(0.0, abs=1e-9)
    assert scores["bnm"] == pytest.approx(30**-0.5)
    assert scores["class_ami"] == 0.0  # not 1, which the index itself gives
    assert scores["source_accuracy"] == pytest.approx(1 / 3)


def test_known_values_of_information_maximisation_and_bnm() -> None:
    certain = np.eye(5)[np.arange(50) % 5] * 1e3
    assert information.information_maximisation(certain) == pytest.approx(np.log(5))
    assert information.bnm(certain) == pytest.approx((5 / 50) ** 0.5)
    assert information.information_maximisation(np.zeros((7, 5))) == pytest.approx(0.0, abs=1e-12)


def test_mano_between_uniform_and_certain() -> None:
    assert information.mano(np.zeros((8, 4))) == pytest.approx(1 / 4)
    assert information.mano(np.eye(4)[np.arange(8) % 4] * 1e3) == pytest.approx(4**-0.25)
    logits = np.random.default_rng(0).normal(size=(20, 4))
    assert information.mano(logits + 100.0) == pytest.approx(information.mano(logits))
    assert information.mano(2 * logits) > information.mano(logits)


def test_snd_is_the_entropy_over_the_other_rows() -> None:
    vectors = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    near = np.exp(np.array([20.0, 20.0, 0.0]))
    near /= near.sum()
    expected = (3 * -(near * np.log(near)).sum() + np.log(3)) / 4
    assert neighbourhood.soft_neighbourhood_density(vectors) == pytest.approx(expected)


def test_snd_in_pieces_is_snd_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = np.random.default_rng(0).normal(size=(23, 3))
    whole = neighbourhood.soft_neighbourhood_density(vectors)
    monkeypatch.setattr(neighbourhood, "_ROWS_AT_ONCE", 5)
    assert neighbourhood.soft_neighbourhood_density(vectors) == pytest.approx(whole)


def test_class_ami_is_one_where_classes_are_clusters() -> None:
    outputs = _outputs(1.0)
    assert clusters.class_ami(outputs.target_features, outputs.target_predictions) == pytest.approx(1.0)
    assert clusters.class_ss(outputs.target_features, outputs.target_predictions) > 0.5
    shuffled = np.random.default_rng(0).permutation(outputs.target_predictions)
    assert clusters.class_ami(outputs.target_features, shuffled) < 0.2


def test_dev_risk_of_equal_weights_is_the_mean_error() -> None:
    errors = np.array([0.1, 0.4, 1.0])
    assert dev.dev_risk(np.ones(3), errors) == pytest.approx(0.5)
    assert dev.dev_risk(np.full(3, 2.0), errors, "standardize") == pytest.approx(0.5)


def test_dev_risk_is_the_control_variate_formula() -> None:
    rng = np.random.default_rng(1)
    weights, errors = rng.uniform(0.1, 3.0, 40), rng.uniform(0, 2, 40)
    eta = -np.cov(weights * errors, weights)[0, 1] / np.var(weights, ddof=1)
    expected = (weights * errors).mean() + eta * weights.mean() - eta
    assert dev.dev_risk(weights, errors) == pytest.approx(expected)


def test_density_ratios_are_large_where_the_target_lies() -> None:
    rng = np.random.default_rng(2)
    source, target = rng.normal(0, 1, (300, 2)), rng.normal(1, 1, (150, 2))
    ratios = dev.density_ratios(source, target, np.array([[-2.0, -2.0], [3.0, 3.0]]))
    assert ratios[0] < 0.3 < 3 < ratios[1]
    same = dev.density_ratios(source, source[:150], source)
    assert same.mean() == pytest.approx(1.0, abs=0.2)  # unequal sizes are no difference


def test_hopkins_and_uniformity() -> None:
    rng = np.random.default_rng(7)
    spread = rng.uniform(size=(400, 2))
    tight = np.array([[0.0, 0.0], [1.0, 1.0]])[np.arange(400) % 2] + rng.normal(0, 1e-3, (400, 2))
    assert 0.3 < transfer.hopkins(spread) < 0.7 < 0.95 < transfer.hopkins(tight)
    triangle = np.array([[1.0, 0.0], [-0.5, 0.75**0.5], [-0.5, -(0.75**0.5)]])
    assert transfer.head_uniformity(triangle) == pytest.approx(0.0, abs=1e-12)
    assert transfer.head_uniformity(np.eye(3)) == pytest.approx((np.arccos(-0.5) - np.pi / 2) ** 2)


@pytest.mark.parametrize(
    "outputs",
    [
        Outputs(np.zeros((1, 4)), np.zeros((1, 3)), np.zeros(1, int), np.zeros((1, 4)), np.zeros((1, 3))),
        Outputs(np.zeros((0, 4)), np.zeros((0, 3)), np.zeros(0, int), np.zeros((0, 4)), np.zeros((0, 3))),
        Outputs(np.zeros((12, 4)), np.zeros((12, 1)), np.zeros(12, int), np.zeros((12, 4)), np.zeros((12, 1))),
        Outputs(np.ones((12, 4)), np.ones((12, 3)), np.zeros(12, int), np.ones((12, 4)), np.ones((12, 3))),
    ],
    ids=["one row", "no row", "one class", "equal rows"],
)
@pytest.mark.filterwarnings("error")
def test_nothing_to_score_is_nan_or_a_number_but_no_error(outputs: Outputs) -> None:
    assert all(isinstance(value, float) and not np.isinf(value) for value in score(outputs).values())


def test_no_target_is_nan_for_every_target_score() -> None:
    rng = np.random.default_rng(0)
    empty = Outputs(rng.normal(size=(20, 4)), np.eye(2)[[0, 1] * 10], [0, 1] * 10, np.zeros((0, 4)), np.zeros((0, 2)))  # type: ignore[arg-type]
    scores = score(empty)
    assert scores.pop("source_accuracy") == 1.0
    assert all(np.isnan(value) for value in scores.values())


def test_a_model_that_diverged_scores_nan() -> None:
    outputs = _outputs(0.9)
    outputs.target_logits[3, 1] = np.nan
    assert all(np.isnan(value) for value in score(outputs).values())


def test_source_accuracy_counts_every_class_the_same() -> None:
    logits = np.eye(2)[[0] * 8 + [0, 1]]
    outputs = Outputs(np.zeros((10, 2)), logits, np.array([0] * 8 + [1, 1]), np.zeros((1, 2)), np.zeros((1, 2)))
    assert source_accuracy(outputs) == pytest.approx(0.75)


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="equally many"):
        Outputs(np.zeros((2, 3)), np.zeros((3, 2)), np.zeros(2, int), np.zeros((1, 3)), np.zeros((1, 2)))
    with pytest.raises(ValueError, match="matrix"):
        Outputs(np.zeros(3), np.zeros((3, 2)), np.zeros(3, int), np.zeros((1, 3)), np.zeros((1, 2)))


def test_scores_do_not_change_from_call_to_call() -> None:
    assert score(_outputs(0.5)) == score(_outputs(0.5))
