"""Each head of the probe separates what can be separated, and the rest of the chain takes it as it is."""

from __future__ import annotations

import json
from typing import get_args

import numpy as np
import pytest
import torch

from cad2real.layout import Layout
from tests.train.conftest import SMALL
from train.measures.calibration import calibration_error
from train.model import Model
from train.networks.probe_heads import fit_head, log_odds_factor
from train.params import ProbeParams
from train.stages import adapt, probe

HEADS = get_args(ProbeParams.model_fields["head"].annotation)


def clusters(classes: int, frequent: int = 40, rare: int = 40) -> tuple[torch.Tensor, np.ndarray]:
    """Features (n, 8) around one corner a class; the first class has `frequent` rows, the others `rare`."""
    rng = torch.Generator().manual_seed(0)
    labels = np.repeat(np.arange(classes), [frequent, *[rare] * (classes - 1)])
    return 2 * torch.eye(8)[labels] + 0.6 * torch.randn(len(labels), 8, generator=rng), labels


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("classes", [2, 4])
def test_a_head_separates_and_is_the_same_twice(head: str, classes: int) -> None:
    features, labels = clusters(classes)
    params = ProbeParams(head=head, inverse_regularisation=1.0)
    weight, bias = fit_head(features, labels, classes, params, seed=0)
    assert weight.shape == (classes, 8) and bias.shape == (classes,)
    assert ((features @ weight.T + bias).argmax(1).numpy() == labels).mean() > 0.95
    assert torch.equal(weight, fit_head(features, labels, classes, params, seed=0)[0])


@pytest.mark.parametrize("head", HEADS)
def test_a_rare_class_is_not_swallowed(head: str) -> None:
    """Two classes that overlap, one twenty times as frequent: errors fall on both alike."""
    features, labels = clusters(2, frequent=400, rare=20)
    features = features * torch.tensor([0.6, 0.6, 1, 1, 1, 1, 1, 1])
    weight, bias = fit_head(features, labels, 2, ProbeParams(head=head), seed=0)
    right = (features @ weight.T + bias).argmax(1).numpy() == labels
    assert right[labels == 1].mean() > 0.8


def test_margins_become_odds() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 2000)
    odds = 2.0 * np.eye(3)[labels] + rng.normal(size=(2000, 3)) * np.sqrt(2.0)
    margins = odds / 10  # classes of a Gaussian shift: the log-odds are known
    factor = log_odds_factor(margins, labels)
    assert factor == pytest.approx(10, rel=0.15)
    before, after = (torch.from_numpy(margins * k).softmax(1).numpy() for k in (1, factor))
    assert calibration_error(after, labels) < 0.04 < calibration_error(before, labels)
    assert log_odds_factor(np.zeros((0, 3)), np.zeros(0, dtype=np.int64)) == 1.0


@pytest.mark.parametrize("head", ["linear", "svm"])
def test_the_chain_goes_on_from_any_head(head: str, project: Layout) -> None:
    params = SMALL.model_copy(update={"probe": ProbeParams(draws=1, head=head), "epochs": 1})
    probe.run(project, params)
    said = json.loads((project.models / "probe" / "model.json").read_text())
    assert said["method"] == f"linear probe on frozen features, {head}"
    assert np.isfinite(Model.load(project.models / "probe").network.head.weight.detach().numpy()).all()
    assert adapt.run(project, params)["adapted"]
