"""Every method goes through the loop of stage 2 on a tiny network: finite losses, and the same twice."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import get_args

import numpy as np
import pytest
import torch

from cad2real.errors import UserError
from train.data.datasets import SourceDomain, TargetDomain
from train.loop.adaptation import Adaptation, adapt
from train.methods import FOR_VISION_TRANSFORMERS, METHODS
from train.methods.batch import Setting, StepBatch
from train.methods.prior_information import PriorInformation
from train.networks.classifier import Classifier
from train.networks.new_network import new_network
from train.params import AdaptParams, MethodName, TrainParams

CLASSES, SIZE, BATCH = 3, 32, 4
STRENGTHS = {"fda": 0.05, "sdat": 0.05}  # numbers that are no loss weights
LOSSLESS = {"fda", "sdat"}
FOR_SIZES = "size_training"  # has no loss unless sizes correct the teacher


def domains() -> tuple[SourceDomain, TargetDomain]:
    """Noise with a class-dependent colour; photos are darker."""
    rng = np.random.default_rng(0)
    labels = np.arange(12) % CLASSES
    images = rng.integers(0, 100, (12, 4, SIZE, SIZE), dtype=np.uint8)
    images[np.arange(12), labels] += 120
    images[:, 3] = 255
    views = tuple(f"view_{number}" for number in range(12))
    source = SourceDomain(images, labels.astype(np.int64), np.zeros(12, dtype=bool), ("a", "b", "c"), views, ())
    target = TargetDomain(images[:6, :3] // 2, views[:6], np.full((6, 2), math.nan))
    return source, target


def network_for(methods: Iterable[str]) -> Classifier:
    """A tiny network that `methods` can work with."""
    name = "test_vit" if FOR_VISION_TRANSFORMERS & set(methods) else "test_efficientnet"
    return new_network(name, "random", CLASSES, SIZE)


def run(methods: dict[str, float], statistics: str = "own") -> tuple[Classifier, dict[str, float]]:
    """Three steps, the first of them without the target; the network and the mean losses."""
    torch.manual_seed(0)
    network = network_for(methods)
    network.norm.target_statistics = statistics
    seen: list[dict[str, float]] = []

    def on_epoch(epoch: int, averaged: Classifier, losses: dict[str, float]) -> None:
        seen.append(losses)

    stage = AdaptParams(methods=methods, source_only_share=0.3, fall_back=False)
    params = TrainParams(image_size=SIZE, batch_size=BATCH, epochs=1, steps_per_epoch=3, adapt=stage)
    adapt(Adaptation(network, *domains(), params), on_epoch)
    return network, seen[0]


def test_the_registry_holds_the_names_that_params_yaml_may_say() -> None:
    assert set(METHODS) == set(get_args(MethodName))


@pytest.mark.parametrize("name", METHODS)
def test_a_method_runs_through_the_loop(name: str) -> None:
    network, losses = run({name: STRENGTHS.get(name, 1.0)})
    assert set(losses) == ({"source"} if name in {*LOSSLESS, FOR_SIZES} else {"source", name})
    assert all(math.isfinite(value) for value in losses.values())
    assert all(parameter.isfinite().all() for parameter in network.parameters())


def test_a_combination_trains_the_same_twice() -> None:
    methods = {"cdan_e": 0.5, "mcc": 1.0, "mic": 1.0, "fda": 0.05, "sdat": 0.02}
    (first, losses), (second, again) = run(methods), run(methods)
    assert set(losses) == {"source", "cdan_e", "mcc", "mic"} and losses == again
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_methods_without_a_loss_change_what_is_learned() -> None:
    plain = run({})[0].head.weight
    for name in LOSSLESS:
        assert not torch.equal(plain, run({name: STRENGTHS[name]})[0].head.weight)


def test_no_method_is_source_only_training_with_target_statistics() -> None:
    """AdaBN: the photos still move the target's statistics."""
    network, losses = run({})
    assert set(losses) == {"source"}
    mean = network.norm.target.running_mean
    assert mean is not None and not torch.equal(mean, torch.zeros_like(mean))
    kept = run({}, "source")[0].norm.target.running_mean
    assert kept is not None and torch.equal(kept, torch.zeros_like(kept))


def test_sharpness_aware_steps_do_not_move_joint_statistics() -> None:
    """SDAT looks at the renders once more; they are not to count twice."""
    still, perturbed = (run({"mcc": 1.0, "sdat": rho}, "joint")[0].norm for rho in (1e-12, 1e-9))
    plain = run({"mcc": 1.0}, "joint")[0].norm
    for norm in (still, perturbed):
        torch.testing.assert_close(norm.source.running_mean, plain.source.running_mean, rtol=1e-3, atol=1e-4)
    assert plain._batch_statistics is None


def test_joint_statistics_follow_both_domains() -> None:
    methods = {"cdan": 0.1, "mcc": 1.0, "mic": 1.0, "sdat": 0.02}
    network, losses = run(methods, "joint")
    assert all(math.isfinite(value) for value in losses.values())
    source = run(methods, "source")[0].norm.source.running_mean
    joint = network.norm.source.running_mean
    assert source is not None and joint is not None and not torch.equal(source, joint)
    assert torch.equal(network.norm.target.running_mean, torch.zeros_like(joint))


@pytest.mark.parametrize("name", sorted(LOSSLESS))
def test_a_loss_weight_in_place_of_a_strength_is_refused(name: str) -> None:
    with pytest.raises(UserError, match=f"number of {name}"):
        run({name: 1.0})


def test_with_sizes_size_training_is_self_training_and_without_them_nothing() -> None:
    def loss(name: MethodName, sized: bool) -> torch.Tensor | None:
        rng = torch.Generator().manual_seed(0)
        logits, teacher = torch.randn(4, CLASSES, generator=rng), torch.randn(4, CLASSES, generator=rng)
        views = torch.zeros(4, 3, 8, 8)
        batch = StepBatch(
            source_feature=logits,
            source_logits=logits,
            source_labels=torch.zeros(4, dtype=torch.int64),
            target_feature=logits,
            target_logits=logits,
            target_teacher=(10 * teacher).softmax(dim=1),
            weak_view=lambda: views,
            strong_view=lambda: views,
            head=torch.nn.Identity(),
            forward_target=lambda images: (logits, logits),
            forward_pairs=lambda pairs, probabilities: (logits, logits, logits),
            render_view=lambda: views,
            sized=sized,
            progress=0.5,
        )
        return METHODS[name](Setting(CLASSES, CLASSES, AdaptParams(), 1.0, 0)).loss(batch)

    assert loss("size_training", sized=False) is None
    sized, plain = loss("size_training", sized=True), loss("self_training", sized=False)
    assert sized is not None and plain is not None and sized > 0 and torch.equal(sized, plain)


def test_classes_are_to_keep_the_shares_that_the_network_saw_at_first() -> None:
    prior = PriorInformation(Setting(8, CLASSES, AdaptParams(), 1.0, 0, torch.tensor([0.9, 0.095, 0.005]))).prior
    assert prior.sum() == pytest.approx(1.0) and prior[0] > prior[1] > prior[2] > 1 / (6 * CLASSES)
    even = PriorInformation(Setting(8, CLASSES, AdaptParams(), 1.0, 0)).prior
    assert even.tolist() == pytest.approx([1 / CLASSES] * CLASSES)
