"""Replicas in threads give the same gradients as one pass; a domain's normalisation balances classes; the schedule
covers any run.
"""

import pytest
import torch
from torch import nn

from train.compute.thread_replicas import ThreadReplicas
from train.loop.schedule import Schedule
from train.model import new_network
from train.networks.classifier import DomainNorm


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


def two_classes(rare: int, frequent: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Features around -1 and +1 and sure probabilities."""
    rng = torch.Generator().manual_seed(0)
    features = torch.cat([-torch.ones(rare, 4), torch.ones(frequent, 4)])
    features = features + 0.1 * torch.randn(features.shape, generator=rng)
    probabilities = torch.zeros(rare + frequent, 2)
    probabilities[:rare, 0] = 1
    probabilities[rare:, 1] = 1
    return features, probabilities


def test_a_rare_class_counts_as_much_as_a_frequent_one() -> None:
    norm = DomainNorm(4, 2).eval()
    features, probabilities = two_classes(20, 80)
    norm.set_statistics("target", features)
    plain = norm(features, "target")
    norm.set_statistics("target", features, probabilities)
    balanced = norm(features, "target")
    middle = lambda x: (x[:20].mean() + x[20:].mean()).item() / 2  # noqa: E731
    assert abs(middle(plain)) > 0.5  # the frequent class pulls the mean
    assert abs(middle(balanced)) < 0.05
    norm.train()
    batch = norm(features, "target", probabilities)
    assert abs(middle(batch)) < 0.3


def test_joint_batches_are_standardised_as_one() -> None:
    """In value, gradient and running statistics as PyTorch's batch normalisation of both in one pass."""
    features = torch.randn(10, 4, generator=torch.Generator().manual_seed(0)) * 3 + 1
    norm, usual = DomainNorm(4, 2).train(), nn.BatchNorm1d(4, affine=False)
    norm.target_statistics = "joint"
    leaves = [features.clone().requires_grad_() for _ in range(2)]
    norm.set_batch_statistics(leaves[0])
    probabilities = torch.full((4, 2), 0.5)
    ours = torch.cat([norm(leaves[0][:6], "source"), norm(leaves[0][6:], "target", probabilities)])
    theirs = usual(leaves[1])
    torch.testing.assert_close(ours, theirs)
    for result in (ours, theirs):
        (result[:6].square().sum() + result[6:].pow(3).sum()).backward()
    torch.testing.assert_close(leaves[0].grad, leaves[1].grad, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(norm.source.running_mean, usual.running_mean)
    norm.eval()
    norm.set_statistics("target", torch.randn(20, 4) + 50)  # photos have none of their own
    assert torch.equal(norm(features, "target"), norm(features, "source"))


def test_domains_keep_their_own_statistics() -> None:
    norm = DomainNorm(4, 2).eval()
    norm.set_statistics("source", torch.randn(50, 4) + 5)
    norm.set_statistics("target", torch.randn(50, 4) - 5)
    assert norm(torch.full((1, 4), 5.0), "source").abs().max() < 1.5
    assert norm(torch.full((1, 4), -5.0), "target").abs().max() < 1.5
    assert norm.train()(torch.full((1, 4), 5.0), "source").isfinite().all()  # one image has no variance of its own


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
