"""A batch in pieces gives the gradients of the whole; bfloat16 stays in the backbone; a GPU trains, if there is one."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from tests.train.test_methods_adapt import CLASSES, SIZE, domains
from train.adaptation import adapt
from train.model import new_network
from train.network import Classifier
from train.params import AdaptParams, TrainParams
from train.runner import Runner

METHODS = {"cdan": 0.5, "mcc": 1.0, "mic": 1.0, "sdat": 0.02}


def network() -> Classifier:
    torch.manual_seed(0)
    return new_network("test_efficientnet", "random", CLASSES)


def trained(**changes: Any) -> tuple[Classifier, dict[str, float]]:
    """Two steps with the target."""
    seen: list[dict[str, float]] = []
    stage = AdaptParams(methods=METHODS, source_only_share=0.0)
    params = TrainParams(image_size=SIZE, batch_size=5, epochs=1, steps_per_epoch=2, adapt=stage, **changes)
    student = network()
    adapt(student, *domains(), params, 1, 1.0, lambda epoch, averaged, losses: seen.append(losses))
    return student, seen[0]


@pytest.mark.parametrize("pieces", [3, 64])  # 64: more than there are images
def test_a_batch_in_pieces_has_the_gradients_of_the_whole(pieces: int) -> None:
    images, gradients = torch.rand(10, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0)), []
    for count in (1, pieces):
        runner = Runner(network().train(), 2, pieces=count)
        feature = runner.network.norm(runner.pooled(images), "source")
        runner.backward((feature[:5] @ feature[5:].T).square().mean())  # of the whole batch
        gradients.append([p.grad for p in runner.network.backbone.parameters() if p.grad is not None])
    assert gradients[0] and len(gradients[0]) == len(gradients[1])
    largest = max(float(gradient.abs().max()) for gradient in gradients[0])
    for whole, parts in zip(*gradients, strict=True):
        assert torch.allclose(whole, parts, rtol=1e-3, atol=1e-5 * largest)


def test_training_in_pieces_has_the_same_losses() -> None:
    whole, parts = trained()[1], trained(gradient_accumulation=3)[1]
    assert parts == pytest.approx(whole, rel=1e-3)


def test_bfloat16_stays_in_the_backbone() -> None:
    exact, images = network(), torch.rand(2, 3, SIZE, SIZE)
    pooled = exact.pooled_by(exact.backbone, images)
    exact.in_bfloat16 = True
    rough = exact.pooled_by(exact.backbone, images)
    assert pooled.dtype == rough.dtype == torch.float32 and not torch.equal(pooled, rough)
    student, losses = trained(precision="bf16")
    assert all(parameter.dtype == torch.float32 and parameter.isfinite().all() for parameter in student.parameters())
    plain = trained()[1]
    assert losses != plain and losses["source"] == pytest.approx(plain["source"], rel=0.1)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_a_gpu_trains(precision: str) -> None:
    student, losses = trained(precision=precision)
    assert student.mean.device.type == "cuda" and all(math.isfinite(loss) for loss in losses.values())
    student.norm.set_statistics("target", torch.rand(6, student.head.in_features), torch.rand(6, CLASSES))
