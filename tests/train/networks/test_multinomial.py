"""Logistic regression by pieces: the optimum that scikit-learn finds, however many rows are in memory at a time."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

from tests.peak_memory import printed_and_peak_mb
from train.networks import multinomial, probe_heads
from train.networks.multinomial import fit_multinomial
from train.networks.probe_heads import fit_head
from train.params import ProbeParams


def clusters(classes: int, dimension: int = 16, rows: int = 12) -> tuple[torch.Tensor, torch.Tensor]:
    """Overlapping classes of 3 to `rows` rows each."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(classes), rng.integers(3, rows + 1, classes))
    centres = rng.normal(size=(classes, dimension))
    features = centres[labels] + rng.normal(size=(len(labels), dimension))
    return torch.from_numpy(features).float(), torch.from_numpy(labels)


def objective(
    weight: torch.Tensor, bias: torch.Tensor, features: torch.Tensor, labels: torch.Tensor, c: float
) -> float:
    """By its definition: the mean of the classes' mean losses, and the penalty."""
    logits = features.double().numpy() @ weight.double().numpy().T + bias.double().numpy()
    losses = -log_softmax(logits, axis=1)[np.arange(len(labels)), labels]
    each = [losses[labels.numpy() == label].mean() for label in range(len(bias))]
    return float(np.mean(each) + weight.double().square().sum() / (2 * c * len(labels)))


@pytest.mark.parametrize("classes", [2, 5, 40])
@pytest.mark.parametrize("c", [0.01, 1.0])
def test_it_is_the_optimum_of_scikit_learn(classes: int, c: float, monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = clusters(classes)
    monkeypatch.setattr(multinomial, "TOLERANCE", 1e-4)
    weight, bias = fit_multinomial(features, labels, classes, c)
    exact = LogisticRegression(C=c, max_iter=5000, class_weight="balanced", tol=1e-9)
    exact.fit(features.double().numpy(), labels.numpy())
    logits = features @ weight.T + bias
    if classes == 2:  # scikit-learn fits one row and penalises it alone; the optimum of two is another one
        assert (logits.argmax(1).numpy() == exact.predict(features.double().numpy())).mean() > 0.9
        return
    assert np.abs(weight.numpy() - exact.coef_).max() < 2e-3 * np.abs(exact.coef_).max()
    assert objective(weight, bias, features, labels, c) == pytest.approx(
        objective(torch.from_numpy(exact.coef_), torch.from_numpy(exact.intercept_), features, labels, c), abs=1e-7
    )


def test_at_the_usual_tolerance_it_classifies_as_the_optimum_does() -> None:
    features, labels = clusters(60)
    weight, bias = fit_multinomial(features, labels, 60, 0.01)
    exact = LogisticRegression(C=0.01, max_iter=5000, class_weight="balanced", tol=1e-9)
    exact.fit(features.double().numpy(), labels.numpy())
    same = (features @ weight.T + bias).argmax(1).numpy() == exact.predict(features.double().numpy())
    assert same.mean() > 0.99


@pytest.mark.parametrize("piece", [1, 40 * 7, 40 * 1000])
def test_pieces_change_nothing_but_rounding(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = clusters(40)
    whole = fit_multinomial(features, labels, 40, 0.1)
    monkeypatch.setattr(multinomial, "PIECE", piece)
    for one, other in zip(fit_multinomial(features, labels, 40, 0.1), whole, strict=True):
        assert torch.allclose(one, other, atol=2e-4)


def test_few_classes_go_the_way_they_went(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = clusters(5)
    params = ProbeParams(inverse_regularisation=0.1)
    usual = fit_head(features, labels.numpy(), 5, params, seed=0)
    exact = LogisticRegression(C=0.1, max_iter=500, class_weight="balanced").fit(features.numpy(), labels.numpy())
    assert torch.equal(usual[0], torch.from_numpy(exact.coef_).float())
    monkeypatch.setattr(probe_heads, "MANY_CLASSES", 4)
    assert torch.allclose(fit_head(features, labels.numpy(), 5, params, seed=0)[0], usual[0], atol=5e-3)
    assert not torch.equal(fit_head(features, labels.numpy(), 5, params, seed=0)[0], usual[0])


def test_many_classes_take_little_memory() -> None:
    """All logits would be half a gigabyte: the fit takes a fifth of that beside what loading its modules takes."""
    load = (
        "from tests.train.networks.test_multinomial import clusters, fit_multinomial, multinomial\n"
        "features, labels = clusters(2000, dimension=8, rows=60)\n"
        "multinomial.PIECE, multinomial.MOST_STEPS = 2**19, 1\n"
    )
    fit = (
        "weight, bias = fit_multinomial(features, labels, 2000, 0.01)\n"
        "assert weight.shape == (2000, 8) and bias.isfinite().all()\n"
    )
    _, loaded = printed_and_peak_mb(load)
    _, fitted = printed_and_peak_mb(load + fit)
    assert fitted - loaded < 100
