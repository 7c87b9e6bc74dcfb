"""Black box shift estimation recovers the mix of classes where counting predictions does not, and training follows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from cad2real.layout import Layout
from tests.train.conftest import SMALL
from tests.train.methods.test_methods_adapt import BATCH, CLASSES, SIZE, domains
from train.loop.adaptation import Adaptation, adapt
from train.loop.checkpoint import Checkpoint
from train.loop.label_shift import LEAST_WEIGHT, LabelShift, target_shares
from train.networks.classifier import Classifier
from train.networks.new_network import new_network
from train.params import AdaptParams, TrainParams
from train.stages import adapt as stage
from train.stages import probe

TRUE = np.array([0.7, 0.25, 0.05])


def predictions(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Probabilities of a classifier that knows a class by a noisy feature, under equal shares; it confuses 1 with 2."""
    centres = np.array([[2.0, 0.0], [0.0, 1.0], [0.0, 2.0]])
    features = centres[labels] + 0.7 * rng.normal(size=(len(labels), 2))
    distances = ((features[:, None] - centres) ** 2).sum(2) / (2 * 0.7**2)
    likelihood = np.exp(-distances)
    return likelihood / likelihood.sum(1, keepdims=True)


def test_the_mix_of_the_photos_is_recovered() -> None:
    rng = np.random.default_rng(0)
    renders = np.arange(3000) % 3
    photos = rng.choice(3, 3000, p=TRUE)
    predicted = predictions(photos, rng)
    shares = target_shares(predictions(renders, rng), renders, predicted)
    counted = np.bincount(predicted.argmax(1), minlength=3) / len(predicted)
    assert shares.sum() == pytest.approx(1)
    assert np.abs(shares - TRUE).max() < 0.02
    assert np.abs(counted - TRUE).max() > 0.04, "counting predictions is what it has to beat"


def test_shares_are_no_less_than_nothing_and_need_no_render_of_each_class() -> None:
    rng = np.random.default_rng(1)
    renders = np.arange(40) % 2  # no render of class 2 is held out
    photos = np.zeros(10, dtype=int)
    shares = target_shares(predictions(renders, rng), renders, predictions(photos, rng))
    assert (shares >= 0).all() and shares.sum() == pytest.approx(1) and shares[0] > 0.8


def test_a_classifier_that_knows_nothing_says_nothing_that_breaks() -> None:
    flat = np.full((30, 3), 1 / 3)
    shares = target_shares(flat, np.arange(30) % 3, flat)
    assert np.isfinite(shares).all() and shares.sum() == pytest.approx(1)


def test_the_weighted_loss_of_balanced_renders_is_that_of_the_photos_mix() -> None:
    """The mean over equally many renders a class, weighed, is the mean over classes in the photos' shares."""
    shift = LabelShift(3)
    losses, labels = torch.tensor([1.0, 2.0, 4.0, 3.0, 0.0, 4.0]), torch.tensor([0, 1, 2, 0, 1, 2])
    assert torch.allclose(shift(losses, labels), losses.mean()), "no estimate yet"
    shift.update(TRUE)
    assert shift.shares == pytest.approx(TRUE.tolist(), abs=1e-6)
    assert shift(losses, labels).item() == pytest.approx(0.7 * 2 + 0.25 * 1 + 0.05 * 4)
    shift.update(np.array([1.0, 0.0, 0.0]))
    assert min(shift.weights) >= 0.9 * LEAST_WEIGHT, "a class may come back"


def test_logits_trained_with_the_weights_hold_the_photos_mix() -> None:
    """Bayes: with features that say nothing, what is left are the shares."""
    shift, logits = LabelShift(3), torch.zeros(3, requires_grad=True)
    shift.update(TRUE)
    labels = torch.arange(300) % 3
    optimizer = torch.optim.Adam([logits], 0.1)
    for _ in range(200):
        optimizer.zero_grad()
        shift(F.cross_entropy(logits.expand(300, 3), labels, reduction="none"), labels).backward()
        optimizer.step()
    assert logits.softmax(0).tolist() == pytest.approx(TRUE.tolist(), abs=0.01)


class Killed(Exception):
    pass


def trained(path: Path | None, shift: LabelShift | None, stop: int = 3) -> Classifier:
    torch.manual_seed(0)
    network = new_network("test_efficientnet", "random", CLASSES, SIZE)

    def on_epoch(epoch: int, averaged: Classifier, losses: dict[str, float]) -> None:
        if epoch == stop:
            raise Killed
        if shift is not None:
            shift.update(TRUE if epoch == 0 else TRUE[::-1].copy())

    params = TrainParams(image_size=SIZE, batch_size=BATCH, epochs=3, steps_per_epoch=2)
    checkpoint = Checkpoint(path) if path else None
    adapt(Adaptation(network, *domains(), params, label_shift=shift), on_epoch, checkpoint)
    return network


def test_weights_change_what_is_learned_and_are_resumed(tmp_path: Path) -> None:
    undisturbed = trained(None, LabelShift(CLASSES)).state_dict()
    assert not torch.equal(undisturbed["head.weight"], trained(None, None).head.weight)
    path = tmp_path / "run.safetensors"
    with pytest.raises(Killed):
        trained(path, LabelShift(CLASSES), stop=1)
    resumed = trained(path, LabelShift(CLASSES)).state_dict()
    assert all(torch.equal(resumed[key], value) for key, value in undisturbed.items())


def test_the_stage_says_what_mix_it_found(project: Layout) -> None:
    probe.run(project, SMALL)
    stage.run(project, SMALL.model_copy(update={"adapt": AdaptParams(label_shift="bbse", fall_back=False)}))
    shares = json.loads((project.models / "adapt" / "model.json").read_text())["label_shares"]
    assert set(shares) == {"bar", "disc", "ring"} and sum(shares.values()) == pytest.approx(1, abs=1e-5)
