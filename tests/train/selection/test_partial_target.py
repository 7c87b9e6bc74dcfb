"""Photos that show few of the classes are noticed without their labels, and the probe's model is passed on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from cad2real.layout import Layout
from tests.train.conftest import SMALL
from train.data.datasets import TargetDomain
from train.networks.classifier import Classifier
from train.networks.inference import Inference
from train.selection.partial_target import partial_target_reason
from train.sizes.possible_sizes import Sizes
from train.stages import adapt, probe

SIDE = 32
COLOURS = np.concatenate([np.eye(3), -np.eye(3)])  # six classes: more or less of a channel than grey


class MeanColour(nn.Module):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean(dim=(2, 3))


def knows_colours() -> Classifier:
    network = Classifier(MeanColour(), 3, len(COLOURS), (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)).eval()
    network.norm.set_source(torch.from_numpy(COLOURS).float(), torch.arange(len(COLOURS)))
    with torch.no_grad():
        network.head.weight.copy_(2 * torch.from_numpy(COLOURS))
        network.head.bias.zero_()
    return network


def photos(classes: list[int], darker: float = 0.0) -> TargetDomain:
    """Thirty photos of each class, each of one colour and all darker by the same."""
    rng = np.random.default_rng(0)
    mean = 0.5 + 0.25 * COLOURS[np.repeat(classes, 30)] - darker
    colours = np.clip(mean + rng.normal(0, 0.02, mean.shape), 0, 1) * 255
    images = np.tile(colours.astype(np.uint8)[:, :, None, None], (1, 1, SIDE, SIDE))
    names = tuple(f"{number}.jpg" for number in range(len(images)))
    return TargetDomain(images, names, np.full((len(images), 2), math.nan))


def why(target: TargetDomain, sizes: Sequence[Sizes] = ()) -> str:
    network = knows_colours()
    pooled = Inference(network, 1).pooled([torch.from_numpy(target.images).float() / 255])
    return partial_target_reason(network, pooled, target.extents, sizes)


@pytest.mark.parametrize("few", [[0, 1], [2, 3], [1, 5], [4]])
def test_photos_of_few_classes_are_noticed(few: list[int]) -> None:
    assert why(photos(few)).startswith("the photos seem to show few of the classes (about ")


@pytest.mark.parametrize("few", [[0, 1, 2], [0, 1, 2, 3, 4]])
def test_classes_that_statistics_tell_apart_are_no_reason(few: list[int]) -> None:
    network, target = knows_colours(), photos(few, darker=0.1)
    pooled = Inference(network, 1).pooled([torch.from_numpy(target.images).float() / 255])
    assert not partial_target_reason(network, pooled, target.extents)
    network.norm.align(pooled, network.head)
    answers = network.head(network.norm(pooled, "target")).argmax(1).numpy()
    assert (answers == np.repeat(few, 30)).mean() > 0.95


@pytest.mark.parametrize("darker", [-0.2, -0.1, 0.1, 0.2])
def test_a_gap_between_the_domains_is_not_taken_for_few_classes(darker: float) -> None:
    assert not why(photos([0, 1, 2, 3, 4, 5], darker))


def test_sizes_that_hold_tell_few_parts_as_well_as_all() -> None:
    """Photos from one distance: what they show is known by its size, so there is something to adapt by."""
    extents = np.log(np.stack([10 * 1.5 ** np.arange(6), 10 * 1.3 ** np.arange(6)], axis=1))
    sizes = Sizes(extents, np.arange(6), np.ones(6), None)
    rng, seen = np.random.default_rng(0), photos([0, 3])
    noise = rng.normal(0, 0.01, (60, 2))
    near, far = np.zeros((60, 1)), rng.uniform(-1, 1, (60, 1))
    for distances, told in ((near, True), (far, False)):
        measured = replace(seen, extents=extents[np.repeat([0, 3], 30)] + 1.0 + noise + distances)
        assert bool(why(measured, [sizes])) != told


def test_looking_changes_nothing() -> None:
    network = knows_colours()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    few = Inference(network, 1).pooled([torch.from_numpy(photos([2, 3]).images).float() / 255])
    assert partial_target_reason(network, few, np.full((60, 2), math.nan))
    assert network.norm.target_statistics == "own" and all(
        torch.equal(before[name], now) for name, now in network.state_dict().items()
    )


def test_the_probe_is_passed_on_with_the_reason(
    project: Layout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reason = "the photos seem to show few of the classes (about 1 of 3)."
    monkeypatch.setattr("train.stages.adapt.partial_target_reason", lambda *seen: reason)
    stage = SMALL.adapt.model_copy(update={"fall_back": True, "target_statistics": "auto"})
    params = SMALL.model_copy(update={"adapt": stage})
    probe.run(project, params)
    (project.cache / "adapt-killed").mkdir()
    said = adapt.run(project, params)
    assert not list(project.cache.glob("adapt-*"))  # nobody will go on with it
    assert (said["adapted"], said["reason"]) == (False, reason) and reason in capsys.readouterr().err
    weights = [(project.models / stage / "model.safetensors").read_bytes() for stage in ("probe", "adapt")]
    assert weights[0] == weights[1]
    insist = params.model_copy(update={"adapt": stage.model_copy(update={"target_statistics": "own"})})
    assert adapt.run(project, insist).get("reason") != reason
