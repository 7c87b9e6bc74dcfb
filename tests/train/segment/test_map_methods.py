"""Adaptation methods on maps: what each makes of a step, with a network and a teacher that are known."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from train.losses.map_self_training import weighted_cross_entropy
from train.segment.methods import MAP_METHODS
from train.segment.methods.batch import MapBatch, MapSetting
from train.segment.methods.masked_consistency import RATIO
from train.segment.network import Seen
from train.segment_params import METHODS, SegmentParams

CLASSES, SIDE = 3, 64


class Known(nn.Module):
    """Says of each pixel class 1 where the picture is bright, class 0 elsewhere, as surely as `scale`; keeps what it
    was shown.
    """

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(scale))
        self.mean = torch.full((1, 3, 1, 1), 0.25)
        self.shown: list[Tensor] = []

    def forward(self, pictures: Tensor) -> Seen:
        self.shown.append(pictures)
        bright = pictures.mean(1) - 0.5
        logits = self.scale * torch.stack([-bright, bright, torch.full_like(bright, -2.0)], 1)
        return Seen(logits, (pictures.mean(1, keepdim=True) * self.scale, pictures * self.scale))


def batch(teacher: float = 100.0, student: float = 1.0) -> MapBatch:
    rng = torch.Generator().manual_seed(0)
    pictures, photos = (torch.rand(2, 3, SIDE, SIDE, generator=rng) for _ in range(2))
    labels = torch.zeros(2, SIDE, SIDE, dtype=torch.long)
    labels[:, :20, :20], labels[:, 40:, 40:] = 1, 2
    network = Known(student)
    return MapBatch(
        pictures=pictures,
        labels=labels,
        source=network(pictures),
        weak=(photos > 0.5).float(),
        strong=photos,
        network=network,  # type: ignore[arg-type]
        teacher=Known(teacher),
        progress=0.5,
        key=(0, 3),
    )


def method(name: str):  # type: ignore[no-untyped-def]
    return MAP_METHODS[name](MapSetting(CLASSES, (1, 3), 0))


def test_every_method_of_the_schema_is_there() -> None:
    assert set(MAP_METHODS) == set(METHODS)
    assert set(SegmentParams().methods) <= set(METHODS)


@pytest.mark.parametrize("name", sorted(MAP_METHODS))
def test_a_weight_of_nothing_moves_no_network_and_a_weight_does(name: str) -> None:
    for weight in (0.0, 1.0):
        step = batch(student=0.7)
        losses = method(name).losses(step, weight)
        assert all(torch.isfinite(loss) and loss.dim() == 0 for loss in losses.values())
        torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
        gradient = step.network.scale.grad
        assert (gradient is not None and gradient.abs().item() > 0) == (weight > 0), name


def test_the_teacher_gets_no_gradient_and_is_weighed_by_its_share_of_sure_pixels() -> None:
    step = batch(teacher=4.0)
    probabilities = torch.softmax(step.teacher(step.weak).logits, 1)
    share = (probabilities.amax(1) > 0.968).float().mean((1, 2))
    assert step.pseudo.weights.shape == step.labels.shape
    assert torch.allclose(step.pseudo.weights[:, 0, 0], share)
    assert not step.pseudo.weights.requires_grad
    method("self_training").losses(step, 1.0)["self_training"].backward()
    assert step.teacher.scale.grad is None


def test_of_a_teacher_that_is_never_sure_only_pasted_parts_train() -> None:
    step = batch(teacher=0.01)
    loss = method("self_training").losses(step, 1.0)["self_training"].item()
    shown = step.network.shown[-1]
    pasted = (shown != step.strong).any(1)
    assert set(step.labels[pasted].tolist()) in ({1}, {2}, {1, 2})
    with torch.no_grad():
        again = weighted_cross_entropy(step.network(shown).logits, step.labels, pasted.float())
    assert loss == pytest.approx(again.item(), rel=1e-5)
    assert method("masked_consistency").losses(batch(teacher=0.01), 1.0)["masked_consistency"].item() == 0


def test_hidden_blocks_have_the_colour_that_the_network_takes_for_nothing() -> None:
    step = batch()
    method("masked_consistency").losses(step, 1.0)
    shown = step.network.shown[-1]
    hidden = (shown == 0.25).all(1)
    block = round(SIDE * 64 / 1024)
    blocks = hidden.float().unfold(1, block, block).unfold(2, block, block).mean((3, 4))
    assert set(blocks.unique().tolist()) == {0.0, 1.0}
    assert blocks.mean().item() == pytest.approx(RATIO, abs=0.08)
    assert torch.equal(shown[:, 0][~hidden], step.strong[:, 0][~hidden])


def test_draws_belong_to_the_step() -> None:
    values = []
    for step in (batch(), batch(), replace(batch(), key=(0, 4))):
        values.append(method("masked_consistency").losses(step, 1.0)["masked_consistency"].item())
    assert values[0] == values[1] != values[2]


def test_entropy_and_the_ramp_of_the_domain_classifier() -> None:
    step = batch(student=0.0)  # every pixel undecided
    assert method("entropy").losses(step, 0.5)["entropy"].item() == pytest.approx(0.5)
    gradients = []
    for progress in (0.0, 1.0):
        one = replace(batch(), progress=progress)
        method("domain_classifier").losses(one, 1.0)["domain_classifier"].backward()
        gradients.append(one.network.scale.grad.item())
    assert gradients[0] == 0
    assert gradients[1] != 0
    assert method("advent").losses(step, 0.5)["discriminator"].item() == pytest.approx(math.log(2), rel=0.05)
