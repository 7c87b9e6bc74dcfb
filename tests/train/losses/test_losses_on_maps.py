"""The losses of maps against numbers: worked by hand, and the same in plain NumPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from train.losses.advent import normalised_entropy, self_information
from train.losses.advent_maps import adversarial_entropy_of_maps
from train.losses.classmix import mixed, pasted_pixels
from train.losses.domain_maps import LevelClassifiers, adversarial_levels, domain_loss_of_maps
from train.losses.map_self_training import sure_share, weighted_cross_entropy
from train.losses.patch_discriminator import FILTERS, PatchDiscriminator
from train.losses.self_training import IGNORED

type Array = np.ndarray


def drawn(seed: int, *shape: int) -> Array:
    return np.random.default_rng(seed).normal(0, 1.5, shape)


def softmax(logits: Array) -> Array:
    e = np.exp(logits - logits.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def information(logits: Array) -> Array:
    p = softmax(logits)
    return -p * np.log2(p) / np.log2(logits.shape[1])


def cross_entropy_with(scores: Array, domain: int) -> float:
    """Mean of -log of the logistic function of the scores, or of its complement."""
    return float(np.log1p(np.exp(-scores if domain else scores)).mean())


@pytest.mark.parametrize("seed", [0, 1])
def test_weighted_self_information_is_that_of_the_paper_at_every_place(seed: int) -> None:
    logits = drawn(seed, 2, 5, 4, 3)
    assert self_information(torch.tensor(logits)).numpy() == pytest.approx(information(logits), rel=1e-9)


def test_minimum_entropy_of_maps() -> None:
    logits = drawn(2, 3, 4, 5, 6)
    assert normalised_entropy(torch.tensor(logits)).item() == pytest.approx(information(logits).sum(1).mean(), rel=1e-9)
    # Two pixels of two classes: one undecided (1), one with .75 and .25 (.8113 bits of one bit).
    pixels = torch.tensor([[[[0.0, math.log(3)]], [[0.0, 0.0]]]])
    assert normalised_entropy(pixels).item() == pytest.approx((1 + 0.811278) / 2, rel=1e-5)


def test_adversarial_entropy_of_maps_is_that_of_numpy() -> None:
    source, target = drawn(3, 2, 3, 4, 4), drawn(4, 1, 3, 5, 4)
    discriminator = nn.Conv2d(3, 1, 1).double()
    weight, bias = drawn(5, 3), 0.3
    with torch.no_grad():
        discriminator.weight.copy_(torch.tensor(weight).view(1, 3, 1, 1))
        assert discriminator.bias is not None
        discriminator.bias.fill_(bias)
    scores = [np.einsum("nchw,c->nhw", information(each), weight) + bias for each in (source, target)]
    fooled, told = adversarial_entropy_of_maps(discriminator, torch.tensor(source), torch.tensor(target))
    assert fooled.item() == pytest.approx(cross_entropy_with(scores[1], 1), rel=1e-9)
    expected = (cross_entropy_with(scores[0], 1) + cross_entropy_with(scores[1], 0)) / 2
    assert told.item() == pytest.approx(expected, rel=1e-9)


def test_each_of_the_two_losses_moves_its_own_side_alone() -> None:
    source, target = (torch.tensor(drawn(seed, 1, 3, 4, 4), requires_grad=True) for seed in (6, 7))
    discriminator = nn.Conv2d(3, 1, 1).double()
    fooled, told = adversarial_entropy_of_maps(discriminator, source, target)
    fooled.backward(retain_graph=True)
    assert source.grad is None
    assert target.grad is not None
    assert target.grad.abs().sum() > 0
    assert all(value.grad is None for value in discriminator.parameters())
    before = target.grad.clone()
    told.backward()
    assert torch.equal(target.grad, before)
    assert source.grad is None
    assert all(value.grad is not None for value in discriminator.parameters())


def test_the_network_is_pulled_to_where_it_is_taken_for_the_source() -> None:
    """The gradient is that of the discriminator's score, by finite differences."""
    discriminator = nn.Conv2d(2, 1, 1).double()
    source, target = torch.tensor(drawn(8, 1, 2, 1, 1)), torch.tensor(drawn(9, 1, 2, 1, 1), requires_grad=True)
    fooled, _ = adversarial_entropy_of_maps(discriminator, source, target)
    (gradient,) = torch.autograd.grad(fooled, target)
    step = torch.zeros_like(target)
    step[0, 1] = 1e-6
    with torch.no_grad():
        up, down = (adversarial_entropy_of_maps(discriminator, source, target + way * step)[0] for way in (1, -1))
    assert gradient[0, 1].item() == pytest.approx((up - down).item() / 2e-6, rel=1e-5)


def convolved(maps: Array, layer: nn.Conv2d) -> Array:
    """A convolution of 4 x 4 with stride 2 and a border of one, written out."""
    assert layer.bias is not None
    padded = np.pad(maps, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (4, 4), (2, 3))[:, :, ::2, ::2]
    weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    return np.einsum("nchwij,ocij->nohw", windows, weight, optimize=True) + bias[:, None, None]


def test_the_discriminator_is_five_convolutions_of_stride_2_with_leaky_units() -> None:
    discriminator = PatchDiscriminator(3, torch.Generator().manual_seed(0)).double()
    layers = [layer for layer in discriminator.layers if isinstance(layer, nn.Conv2d)]
    assert [layer.out_channels for layer in layers] == [64, 128, 256, 512, 1] == list(FILTERS)
    maps = drawn(10, 2, 3, 64, 32)
    expected = maps
    for number, layer in enumerate(layers):
        expected = convolved(expected, layer)
        if number < 4:
            expected = np.where(expected > 0, expected, 0.2 * expected)
    found = discriminator(torch.tensor(maps)).detach().numpy()
    assert found.shape == (2, 1, 2, 1)
    assert found == pytest.approx(expected, rel=1e-8, abs=1e-12)


def test_discriminators_are_drawn_by_their_generator_alone() -> None:
    one, again, other = (PatchDiscriminator(2, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1))
    weights = [next(each.parameters()) for each in (one, again, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert weights[0].std().item() == pytest.approx(0.02, rel=0.1)
    levels = [LevelClassifiers((4, 2), torch.Generator().manual_seed(0)) for _ in range(2)]
    assert all(map(torch.equal, levels[0].parameters(), levels[1].parameters()))


def test_the_domain_loss_of_maps() -> None:
    source, target = drawn(11, 2, 1, 3, 3), drawn(12, 1, 1, 2, 5)
    expected = (cross_entropy_with(source, 1) + cross_entropy_with(target, 0)) / 2
    assert domain_loss_of_maps(torch.tensor(source), torch.tensor(target)).item() == pytest.approx(expected, rel=1e-9)
    # By hand: the source's place scored ln 3 costs -ln .75, the target's -ln .25.
    place = torch.full((1, 1, 1, 1), math.log(3))
    assert domain_loss_of_maps(place, place).item() == pytest.approx((0.287682 + 1.386294) / 2, rel=1e-5)


def test_levels_count_alike_and_features_get_the_reversed_gradient() -> None:
    classifiers = LevelClassifiers((3, 2), torch.Generator().manual_seed(1)).double()
    shapes = ((2, 3, 4, 4), (2, 2, 2, 2))
    source = [torch.tensor(drawn(13 + level, *shape), requires_grad=True) for level, shape in enumerate(shapes)]
    target = [torch.tensor(drawn(15 + level, *shape), requires_grad=True) for level, shape in enumerate(shapes)]
    loss = adversarial_levels(classifiers, source, target, 0.5)
    losses = []
    for level, layers in enumerate(classifiers.levels):
        first, last = layers[0], layers[2]  # type: ignore[index]
        scores = []
        for features in (source[level], target[level]):
            w, b = first.weight.detach().numpy()[:, :, 0, 0], first.bias.detach().numpy()
            hidden = np.einsum("nchw,oc->nohw", features.detach().numpy(), w) + b[:, None, None]
            v, c = last.weight.detach().numpy()[:, :, 0, 0], last.bias.detach().numpy()
            scores.append(np.einsum("nchw,oc->nohw", np.maximum(hidden, 0), v) + c[:, None, None])
        losses.append((cross_entropy_with(scores[0], 1) + cross_entropy_with(scores[1], 0)) / 2)
    assert loss.item() == pytest.approx(np.mean(losses), rel=1e-9)
    plain = torch.stack(
        [domain_loss_of_maps(s, t) for s, t in zip(classifiers(source), classifiers(target), strict=True)]
    ).mean()
    inputs = [*source, *target]
    reversed_, ordinary = (torch.autograd.grad(each, inputs, retain_graph=True) for each in (loss, plain))
    for one, other in zip(reversed_, ordinary, strict=True):
        assert torch.allclose(one, -0.5 * other)
    own = [torch.autograd.grad(each, list(classifiers.parameters()), retain_graph=True) for each in (loss, plain)]
    assert all(torch.allclose(one, other) for one, other in zip(*own, strict=True))


def test_half_of_the_parts_rounded_up_are_pasted_and_never_the_background() -> None:
    labels = torch.tensor(np.random.default_rng(17).integers(IGNORED, 6, (40, 8, 8)))
    pasted = pasted_pixels(labels, torch.Generator().manual_seed(0))
    for picture, chosen in zip(labels, pasted, strict=True):
        inside, outside = set(picture[chosen].tolist()), set(picture[~chosen].tolist())
        assert not inside & outside
        assert not inside & {IGNORED, 0}
        parts = set(picture.flatten().tolist()) - {IGNORED, 0}
        assert len(inside) == -(-len(parts) // 2)
    assert torch.equal(pasted, pasted_pixels(labels, torch.Generator().manual_seed(0)))
    assert not torch.equal(pasted, pasted_pixels(labels, torch.Generator().manual_seed(1)))
    assert not pasted_pixels(torch.zeros(2, 3, 3, dtype=torch.long), torch.Generator()).any()


def test_pictures_and_maps_are_mixed_alike() -> None:
    pasted = torch.tensor(np.random.default_rng(18).random((2, 4, 4)) < 0.5)
    source, target = torch.zeros(2, 3, 4, 4), torch.ones(2, 3, 4, 4)
    assert torch.equal(mixed(pasted, source, target)[:, 1], 1 - pasted.float())
    assert torch.equal(mixed(pasted, source[:, 0], target[:, 0]), 1 - pasted.float())


def test_the_share_of_sure_pixels() -> None:
    p = softmax(4 * drawn(19, 3, 4, 6, 5))
    expected = [(one.max(0) > 0.968).mean() for one in p]
    assert 0 < min(expected) < max(expected) < 1
    assert sure_share(torch.tensor(p)).tolist() == pytest.approx(expected)


def test_weighted_cross_entropy_is_that_of_numpy_and_ignores_what_nobody_knows() -> None:
    logits, weights = drawn(20, 2, 4, 3, 3), np.random.default_rng(21).random((2, 3, 3))
    labels = np.random.default_rng(22).integers(IGNORED, 4, (2, 3, 3))
    p, total = softmax(logits), 0.0
    for n, y, x in np.ndindex(labels.shape):
        if labels[n, y, x] != IGNORED:
            total -= math.log(p[n, labels[n, y, x], y, x]) * weights[n, y, x]
    found = weighted_cross_entropy(*(torch.tensor(each) for each in (logits, labels, weights)))
    assert found.item() == pytest.approx(total / labels.size, rel=1e-9)
    # By hand: ln 2 at weight 1 and at weight .5, over four pixels of which one is not known and one costs nothing.
    sure = torch.tensor([[[[0.0, 0.0, 0.0, 99.0]], [[0.0, 0.0, 0.0, 0.0]]]])
    one = weighted_cross_entropy(sure, torch.tensor([[[0, 1, IGNORED, 0]]]), torch.tensor([[[1.0, 0.5, 1.0, 1.0]]]))
    assert one.item() == pytest.approx(1.5 * math.log(2) / 4, rel=1e-5)


def test_a_half_precision_map_is_raised() -> None:
    half = torch.tensor(drawn(23, 1, 3, 2, 2)).bfloat16()
    assert sure_share(torch.softmax(half, 1)).dtype == torch.float32
    assert domain_loss_of_maps(half[:, :1], half[:, :1]).dtype == torch.float32
