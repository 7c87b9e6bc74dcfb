"""On a GPU recorded passes give the features and gradients that the network gives, whatever its weights have become."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tests.train.methods.test_methods_adapt import CLASSES, SIZE, domains
from train.loop.adaptation import Adaptation, adapt
from train.loop.parallel_network import ParallelNetwork
from train.networks.classifier import Classifier
from train.networks.new_network import new_network
from train.params import AdaptParams, TrainParams

pytestmark = pytest.mark.cuda
if not torch.cuda.is_available():
    pytest.skip("no GPU", allow_module_level=True)
NETWORKS = ("test_efficientnet", "test_vit", "test_convnext")


def new(name: str, bfloat16: bool) -> Classifier:
    torch.manual_seed(0)
    network = new_network(name, "random", CLASSES, 160 if name == "test_vit" else SIZE)
    network.in_bfloat16 = bfloat16
    return network


def trained(network: Classifier, replayed: bool, steps: int) -> tuple[list[Tensor], list[Tensor]]:
    """The features and the first gradients of some steps, in each of which two batches are looked at."""
    parallel = ParallelNetwork(network, 1)
    if not replayed:
        parallel._graphs = None
    elif parallel._graphs is not None:
        assert not parallel._graphs._refused
    size = 160 if "VisionTransformer" in type(network.backbone).__name__ else SIZE
    pictures = torch.rand(6, 3, size, size, generator=torch.Generator().manual_seed(1)).cuda()
    parameters = [*network.backbone.parameters()]
    features, gradients = [], []
    for step in range(steps):
        whole, half = parallel.pooled(pictures), parallel.pooled(pictures[:3] * 0.5)
        parallel.backward(whole.square().mean() + half.square().mean())
        features.append(torch.cat([whole, half]).detach().clone())
        gradients.append(torch.cat([p.grad.flatten() for p in parameters if p.grad is not None]))
        with torch.no_grad():
            for parameter in parameters:
                if parameter.grad is not None:
                    parameter -= 0.01 * (step + 1) * parameter.grad.sign()
        network.zero_grad(set_to_none=True)
    if replayed:
        assert parallel._graphs is not None and not parallel._graphs._refused and parallel._graphs._recorded
    return features, gradients


@pytest.mark.filterwarnings("error:The AccumulateGrad node's stream")
@pytest.mark.parametrize("bfloat16", [False, True])
@pytest.mark.parametrize("name", NETWORKS)
def test_replayed_steps_are_those_of_the_network(name: str, bfloat16: bool) -> None:
    ours, theirs = (trained(new(name, bfloat16), replayed, 4) for replayed in (True, False))
    rounding = 0.05 if bfloat16 else 1e-3
    for some, others in zip(ours, theirs, strict=True):
        for here, there in zip(some, others, strict=True):
            assert (here - there).norm() <= rounding * there.norm()


def test_a_run_with_two_phases_and_further_views_replays_its_passes(capsys: pytest.CaptureFixture[str]) -> None:
    network = new("test_efficientnet", bfloat16=True)
    methods = {"cdan": 0.1, "mic": 1.0, "self_training": 1.0, "sdat": 0.02}
    stage = AdaptParams(methods=methods, source_only_share=0.4, fall_back=False)  # type: ignore[arg-type]
    params = TrainParams(image_size=SIZE, batch_size=8, epochs=2, steps_per_epoch=6, adapt=stage)
    seen: list[dict[str, float]] = []
    adapt(Adaptation(network, *domains(), params), lambda epoch, averaged, losses: seen.append(losses))
    assert "no CUDA graphs" not in capsys.readouterr().err
    assert seen[-1]["mic"] >= 0 and all(value == value for losses in seen for value in losses.values())
