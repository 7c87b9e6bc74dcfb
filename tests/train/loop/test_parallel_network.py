"""A batch in pieces gives the gradients of the whole; bfloat16 stays in the backbone; a GPU trains, if there is one."""

from __future__ import annotations

import copy
import math
import shutil
from typing import Any

import pytest
import torch
from timm.layers import DropPath
from torch import nn
from torch._dynamo.exc import TorchDynamoException

from cad2real.errors import UserError
from tests.train.methods.test_methods_adapt import CLASSES, SIZE, domains
from train.loop.adaptation import Adaptation, adapt
from train.loop.parallel_network import ParallelNetwork
from train.networks.classifier import Classifier
from train.networks.new_network import new_network
from train.params import AdaptParams, TrainParams

METHODS = {"cdan": 0.5, "mcc": 1.0, "mic": 1.0, "sdat": 0.02}


def network() -> Classifier:
    torch.manual_seed(0)
    return new_network("test_efficientnet", "random", CLASSES, SIZE)


def trained(**changes: Any) -> tuple[Classifier, dict[str, float]]:
    """Two steps with the target."""
    seen: list[dict[str, float]] = []
    stage = AdaptParams(methods=METHODS, source_only_share=0.0)
    params = TrainParams(image_size=SIZE, batch_size=5, epochs=1, steps_per_epoch=2, adapt=stage, **changes)
    student = network()
    adapt(Adaptation(student, *domains(), params), lambda epoch, averaged, losses: seen.append(losses))
    return student, seen[0]


@pytest.mark.parametrize("pieces", [3, 64])  # 64: more than there are images
def test_a_batch_in_pieces_has_the_gradients_of_the_whole(pieces: int) -> None:
    images, gradients = torch.rand(10, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0)), []
    for count in (1, pieces):
        parallel = ParallelNetwork(network().train(), 2, pieces=count)
        feature = parallel.network.norm(parallel.pooled(images), "source")
        parallel.backward((feature[:5] @ feature[5:].T).square().mean())  # of the whole batch
        gradients.append([p.grad for p in parallel.network.backbone.parameters() if p.grad is not None])
    assert gradients[0] and len(gradients[0]) == len(gradients[1])
    largest = max(float(gradient.abs().max()) for gradient in gradients[0])
    for whole, parts in zip(*gradients, strict=True):
        assert torch.allclose(whole, parts, rtol=1e-3, atol=1e-5 * largest)


def test_training_in_pieces_has_the_same_losses() -> None:
    whole, parts = trained()[1], trained(gradient_accumulation=3)[1]
    assert parts == pytest.approx(whole, rel=1e-3)


class DropsAtRandom(nn.Sequential):
    """As timm builds Swin: with dropout and stochastic depth that are on in training."""

    def __init__(self) -> None:
        super().__init__(nn.Conv2d(3, 8, 3, stride=2), nn.Dropout(0.5), DropPath(0.5), nn.AdaptiveAvgPool2d(1))
        self.append(nn.Flatten())


@pytest.mark.parametrize(("replicas", "pieces"), [(1, 3), (2, 1)])
def test_nothing_is_dropped_at_random(replicas: int, pieces: int) -> None:
    """Else pieces, replicas and processes would each draw masks of their own, and no two runs would be equal."""
    torch.manual_seed(0)
    plain = Classifier(DropsAtRandom(), 8, CLASSES, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    images, gradients = torch.rand(6, 3, SIZE, SIZE), []
    for split in ((1, 1), (replicas, pieces)):
        parallel = ParallelNetwork(copy.deepcopy(plain).train(), split[0], pieces=split[1])
        parallel.backward(parallel.pooled(images).square().sum())
        gradients.append(parallel.network.backbone[0].weight.grad)
    torch.testing.assert_close(*gradients, rtol=1e-5, atol=1e-6)


def test_bfloat16_stays_in_the_backbone() -> None:
    exact, images = network(), torch.rand(2, 3, SIZE, SIZE)
    pooled = exact.pooled_features(exact.backbone, images)
    exact.in_bfloat16 = True
    rough = exact.pooled_features(exact.backbone, images)
    assert pooled.dtype == rough.dtype == torch.float32 and not torch.equal(pooled, rough)
    student, losses = trained(precision="bf16")
    assert all(parameter.dtype == torch.float32 and parameter.isfinite().all() for parameter in student.parameters())
    plain = trained()[1]
    assert losses != plain and losses["source"] == pytest.approx(plain["source"], rel=0.1)


@pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler")
def test_a_compiled_backbone_gives_the_same_gradients() -> None:
    """A backbone of one layer: timm's smallest takes a minute to compile."""
    torch.manual_seed(0)
    body = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.SiLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    plain = Classifier(body, 4, CLASSES, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)).train()
    images, gradients = torch.rand(6, 3, SIZE, SIZE), []
    for compiled in (False, True):
        network = copy.deepcopy(plain)
        parallel = ParallelNetwork(network, replicas=2, compiled=compiled)
        parallel.backward(parallel.pooled(images).square().sum())
        gradients.append([parameter.grad for parameter in network.backbone.parameters()])
        assert list(network.state_dict()) == list(plain.state_dict())  # a stored model is that of any run
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_without_a_compiler_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_here(*seen: object) -> None:
        raise TorchDynamoException("No working C++ compiler found\nand a page of details")

    monkeypatch.setattr("train.loop.task.AdaptationTask.losses", none_here)
    with pytest.raises(UserError, match=r"No working C\+\+ compiler found\)") as said:
        trained(torch_compile=True)
    assert "torch_compile: false" in str(said.value.remedy)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_a_gpu_trains(precision: str) -> None:
    student, losses = trained(precision=precision)
    assert student.mean.device.type == "cuda" and all(math.isfinite(loss) for loss in losses.values())
    student.norm.align(torch.rand(6, student.head.in_features), student.head)
