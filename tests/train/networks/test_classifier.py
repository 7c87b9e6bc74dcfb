"""Replicas in threads give the same gradients as one pass; the schedule covers any run."""

import pytest
import torch
from torch import nn

from train.compute.thread_replicas import ThreadReplicas
from train.loop.schedule import Schedule
from train.networks.new_network import new_network


def test_replicas_give_the_gradients_of_one_pass() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))
    images, target = torch.randn(7, 6), torch.randn(7, 3)
    (module(images) * target).sum().backward()
    expected = [parameter.grad.clone() for parameter in module.parameters()]
    module.zero_grad()
    replicas = ThreadReplicas(module, 3)
    joined, outputs = replicas.forward(images, lambda replica, share: replica(share))
    (joined * target).sum().backward()
    replicas.backward(joined.grad, outputs)
    replicas.collect_gradients()
    for parameter, gradient in zip(module.parameters(), expected, strict=True):
        assert torch.allclose(parameter.grad, gradient, atol=1e-6)
    module[0].weight.data += 1.0  # an optimiser's step on the module reaches every replica
    assert torch.allclose(replicas.map_images(images, lambda replica, share: replica(share)), module(images), atol=1e-6)


def test_a_short_run_gets_the_whole_schedule() -> None:
    for steps in (10, 1000):
        schedule = Schedule(steps, source_only_share=0.4)
        assert schedule.adaptation_progress(0) < 0
        assert schedule.adaptation_progress(int(steps * 0.4)) == pytest.approx(0, abs=1e-6)
        assert schedule.ramp(schedule.adaptation_progress(steps - 1)) > 0.98
        rates = [schedule.learning_rate(step) for step in range(steps)]
        assert rates[0] > 0 and max(rates) > 0.9 and 0 < rates[-1] < 0.05  # no step is wasted


@pytest.mark.parametrize("backbone", ["test_efficientnet", "mobilenetv3_small_050", "test_vit", "test_convnext"])
def test_every_kind_of_backbone_gives_what_the_head_takes(backbone: str) -> None:
    network = new_network(backbone, "random", 3, 160)
    feature, logits = network(torch.rand(2, 3, 160, 160), "target")
    assert feature.shape == (2, network.head.in_features)
    assert logits.shape == (2, 3)
