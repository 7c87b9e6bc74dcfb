"""On a GPU a killed run goes on where it was and ends in the same weights, to rounding."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.train.compute.test_world_of_one import assert_same_weights, new
from tests.train.methods.test_methods_adapt import SIZE, domains
from train.loop.adaptation import Adaptation, adapt
from train.loop.checkpoint import Checkpoint
from train.networks.classifier import Classifier
from train.params import AdaptParams, TrainParams

pytestmark = pytest.mark.cuda
if not torch.cuda.is_available():
    pytest.skip("no GPU", allow_module_level=True)
METHODS = {"cdan": 0.1, "mcc": 1.0, "mic": 1.0, "self_training": 1.0, "sdat": 0.02}


class Killed(Exception):
    pass


def trained(path: Path | None, losses: list[dict[str, float]], stop: int = 3) -> Classifier:
    """Three epochs of two steps; killed in epoch number `stop`, where it is less, when those before it are kept."""
    network = new()

    def on_epoch(epoch: int, averaged: Classifier, means: dict[str, float]) -> None:
        if epoch == stop:
            raise Killed
        losses.append(means)

    stage = AdaptParams(methods=METHODS, source_only_share=0.1)  # type: ignore[arg-type]
    size = {"image_size": SIZE, "batch_size": 4, "epochs": 3, "steps_per_epoch": 2}
    params = TrainParams(precision="float32", adapt=stage, **size)
    adapt(Adaptation(network, *domains(), params), on_epoch, Checkpoint(path) if path else None)
    return network


def test_a_killed_run_ends_as_an_undisturbed_one_to_rounding(tmp_path: Path) -> None:
    path, undisturbed, resumed = tmp_path / "run.safetensors", [], []
    whole = trained(None, undisturbed)
    with pytest.raises(Killed):
        trained(path, resumed, stop=1)
    assert Checkpoint(path).epochs == 1
    parts = trained(path, resumed)
    assert whole.mean.device.type == "cuda" and len(resumed) == len(undisturbed) == 3
    for means, again in zip(undisturbed, resumed, strict=True):
        assert again == pytest.approx(means, rel=1e-2, abs=1e-3)
    assert_same_weights(parts, whole, whole.mean.device)
