"""Where formulas give 0/0: a class never predicted, one sample, one class, equal domains. And half precision."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from train.losses import (
    adda,
    advent,
    afn,
    bnm,
    bsp,
    cdan,
    coral,
    dann,
    entropy,
    fixmatch,
    information,
    jmmd,
    mcc,
    mcd,
    mdd,
    mic,
    mkmmd,
    self_training,
)
from train.losses.discriminator import DomainDiscriminator, domain_accuracy


def _of_features_and_logits() -> dict[str, Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]]:
    """Every loss as a function of source features and logits, target features and logits."""
    torch.manual_seed(0)

    def discriminator(inputs: int) -> DomainDiscriminator:
        return DomainDiscriminator(inputs, hidden=8)

    return {
        "dann": lambda fs, gs, ft, gt: dann.domain_adversarial_loss(discriminator(fs.shape[1]), fs, ft, 1.0),
        "cdan_e": lambda fs, gs, ft, gt: cdan.conditional_adversarial_loss(
            discriminator(fs.shape[1] * gs.shape[1]), fs, gs, ft, gt, 1.0, entropy_conditioning=True
        ),
        "cdan_rand": lambda fs, gs, ft, gt: cdan.conditional_adversarial_loss(
            discriminator(16), fs, gs, ft, gt, 1.0, False, cdan.RandomMultilinearMap(fs.shape[1], gs.shape[1], 16)
        ),
        "adda": lambda fs, gs, ft, gt: adda.discriminator_loss(fs[:, :1], ft[:, :1]) + adda.encoder_loss(ft[:, :1]),
        "mcc": lambda fs, gs, ft, gt: mcc.minimum_class_confusion(gt),
        "mkmmd": lambda fs, gs, ft, gt: mkmmd.multi_kernel_mmd(fs, ft),
        "jmmd": lambda fs, gs, ft, gt: jmmd.joint_mmd(fs, gs, ft, gt),
        "coral": lambda fs, gs, ft, gt: coral.correlation_alignment(fs, ft) + coral.moment_alignment(fs, ft),
        "mdd": lambda fs, gs, ft, gt: mdd.margin_disparity(gs, gs, gt, gt),
        "afn": lambda fs, gs, ft, gt: afn.adaptive_feature_norm(fs) + afn.hard_feature_norm(ft),
        "mcd": lambda fs, gs, ft, gt: mcd.classifier_discrepancy(gs[:1], gt[:1]) + mcd.class_balance(gt),
        "bsp": lambda fs, gs, ft, gt: bsp.batch_spectral_penalty(fs, ft),
        "entropy": lambda fs, gs, ft, gt: entropy.minimum_entropy(gt),
        "advent": lambda fs, gs, ft, gt: advent.adversarial_entropy(discriminator(gs.shape[1]), gs, gt, 1.0),
        "advent direct": lambda fs, gs, ft, gt: advent.normalised_entropy(gt),
        "information": lambda fs, gs, ft, gt: information.information_maximisation(gt),
        "bnm": lambda fs, gs, ft, gt: bnm.batch_nuclear_norm(gt),
        "fixmatch": lambda fs, gs, ft, gt: fixmatch.consistency(gt, gt.flip(0), 0.5),
        "mic": lambda fs, gs, ft, gt: mic.masked_consistency(gt, gt.flip(0)),
    }


LOSSES = _of_features_and_logits()

SETTINGS = {
    "plain": (6, 5, 4, 3),
    "unequal batches": (6, 3, 4, 3),
    "one sample each": (1, 1, 4, 3),
    "one class": (6, 6, 4, 1),
    "more features than samples": (3, 3, 40, 3),
}


def _inputs(sources: int, targets: int, dimension: int, classes: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    shapes = ((sources, dimension), (sources, classes), (targets, dimension), (targets, classes))
    return [torch.randn(*shape, generator=generator) for shape in shapes]


def _check_finite(loss: Callable[..., Tensor], inputs: list[Tensor]) -> None:
    leaves = [x.clone().requires_grad_() for x in inputs]
    value = loss(*leaves)
    assert value.ndim == 0 and value.dtype == leaves[0].dtype and torch.isfinite(value)
    if value.requires_grad:
        gradients = torch.autograd.grad(value, leaves, allow_unused=True)
        assert all(torch.isfinite(gradient).all() for gradient in gradients if gradient is not None)


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("name", LOSSES)
def test_value_and_gradient_are_finite(name: str, setting: str) -> None:
    _check_finite(LOSSES[name], _inputs(*SETTINGS[setting]))


@pytest.mark.parametrize("name", LOSSES)
def test_equal_domains_and_equal_rows_are_finite(name: str) -> None:
    fs, gs, _, _ = _inputs(6, 6, 4, 3)
    _check_finite(LOSSES[name], [fs, gs, fs, gs])
    _check_finite(LOSSES[name], [x[:1].expand(6, -1) for x in (fs, gs, fs, gs)])
    _check_finite(LOSSES[name], [torch.zeros_like(x) for x in (fs, gs, fs, gs)])


@pytest.mark.parametrize("name", LOSSES)
def test_certain_predictions_of_few_classes_are_finite(name: str) -> None:
    """Softmax exactly 0 and 1 in float32, and classes that nobody predicts."""
    fs, _, ft, _ = _inputs(6, 6, 4, 5)
    certain = functional.one_hot(torch.tensor([0, 1, 2, 0, 1, 2]), 5) * 500.0
    _check_finite(LOSSES[name], [fs, certain, ft, certain])
    _check_finite(LOSSES[name], [fs, certain, ft, certain[:1].expand(6, -1)])


def test_mcc_of_a_class_that_is_never_predicted() -> None:
    certain = functional.one_hot(torch.tensor([0, 1, 2, 0]), 4) * 1e4
    assert mcc.minimum_class_confusion(certain) == 0.0
    assert mcc.minimum_class_confusion(torch.zeros(8, 4)) == pytest.approx(3 / 4)


def test_equal_domains() -> None:
    f = torch.randn(9, 4, dtype=torch.float64)
    assert coral.correlation_alignment(f, f) == 0.0
    assert coral.moment_alignment(f, f) == 0.0
    assert mkmmd.multi_kernel_mmd(f, f, linear=True) == pytest.approx(2 / 8)  # tllib's constant
    assert mcd.classifier_discrepancy(f, f) == 0.0


def test_linear_mmd_refuses_unequal_batches() -> None:
    with pytest.raises(ValueError, match="equal batches"):
        mkmmd.multi_kernel_mmd(torch.randn(4, 2), torch.randn(5, 2), linear=True)


def test_information_and_bnm_know_collapse_from_balance() -> None:
    balanced = torch.eye(3).repeat(4, 1) * 100
    collapsed = torch.eye(3)[:1].expand(12, -1) * 100
    uniform = torch.zeros(12, 3)
    assert information.information_maximisation(balanced) == pytest.approx(-torch.log(torch.tensor(3.0)))
    assert information.information_maximisation(collapsed) == pytest.approx(0.0, abs=1e-6)
    assert information.information_maximisation(uniform) == pytest.approx(0.0, abs=1e-6)
    assert bnm.batch_nuclear_norm(balanced) == pytest.approx(-((3 / 12) ** 0.5))
    assert bnm.batch_nuclear_norm(collapsed) == pytest.approx(-((1 / 12) ** 0.5))


def test_with_a_prior_shares_that_follow_it_cost_nothing_and_uniform_is_plain_information() -> None:
    sure = 60 * torch.eye(3)[torch.tensor([0, 0, 1, 2])]
    assert information.information_maximisation(sure, torch.tensor([0.5, 0.25, 0.25])) == pytest.approx(0.0, abs=1e-6)
    expected = 0.5 * math.log(0.5 / 0.2) + 0.25 * math.log(0.25 / 0.4) * 2
    assert information.information_maximisation(sure, torch.tensor([0.2, 0.4, 0.4])) == pytest.approx(expected)
    logits = torch.randn(7, 3, generator=torch.Generator().manual_seed(0))
    uniform = information.information_maximisation(logits, torch.full((3,), 1 / 3))
    assert uniform == pytest.approx(information.information_maximisation(logits) + math.log(3))


@pytest.mark.parametrize("name", LOSSES)
def test_losses_leave_autocast(name: str) -> None:
    """bfloat16 features under autocast give the float32 loss of the same numbers."""
    inputs = [x.bfloat16() for x in _inputs(6, 6, 4, 3)]
    torch.manual_seed(3)
    full = LOSSES[name](*[x.float() for x in inputs])
    torch.manual_seed(3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = LOSSES[name](*inputs)
    assert half.dtype == torch.float32
    torch.testing.assert_close(half, full, rtol=1e-5, atol=1e-6)


def test_labels_are_those_of_sure_predictions() -> None:
    probabilities = torch.tensor([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]])
    assert self_training.pseudo_labels(probabilities, 0.8).tolist() == [0, -1, 1]


def test_no_accepted_pseudo_label_is_no_loss() -> None:
    logits = torch.randn(4, 3, requires_grad=True)
    loss = fixmatch.consistency(torch.zeros(4, 3), logits)
    assert loss == 0.0
    torch.autograd.backward(loss)
    assert logits.grad is not None and not logits.grad.any()


def test_domain_accuracy_of_one_and_two_outputs() -> None:
    is_source = torch.tensor([1.0, 1.0, 0.0, 0.0])
    assert domain_accuracy(torch.tensor([[2.0], [-1.0], [-3.0], [-4.0]]), is_source) == 0.75
    assert domain_accuracy(torch.tensor([[0.0, 1.0], [0.0, 2.0], [1.0, 0.0], [0.0, 1.0]]), is_source) == 0.75
    with pytest.raises(ValueError, match="outputs"):
        DomainDiscriminator(4, outputs=3)
