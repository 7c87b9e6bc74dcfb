"""Gradients: against finite differences, and what is and is not to get one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from loss_oracle import make_inputs
from torch import Tensor

from train.losses import (
    advent,
    afn,
    bnm,
    bsp,
    cdan,
    coral,
    dann,
    entropy,
    information,
    jmmd,
    mcc,
    mcd,
    mdd,
    mic,
    mkmmd,
    self_training,
)
from train.losses.parity_values import Inputs
from train.losses.reversal import reverse_gradient

INPUTS = Inputs(make_inputs())
FS, FT, GS, GT = (INPUTS(name) for name in ("f_s", "f_t", "g_s", "g_t"))


def _numeric(loss: Callable[[Tensor], Tensor], x: Tensor, step: float = 1e-6) -> Tensor:
    gradient = torch.zeros_like(x)
    for i in range(x.numel()):
        for sign in (1, -1):
            moved = x.clone()
            moved.view(-1)[i] += sign * step
            gradient.view(-1)[i] += sign * loss(moved) / (2 * step)
    return gradient


def _analytic(loss: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    x = x.clone().requires_grad_()
    return torch.autograd.grad(loss(x), x)[0]


# Losses without detached parts: their gradient is the derivative.
SMOOTH: dict[str, tuple[Callable[[Tensor], Tensor], Tensor]] = {
    "coral": (lambda x: coral.correlation_alignment(x, FT), FS),
    "coral with means": (lambda x: coral.moment_alignment(FS, x), FT),
    "bsp": (lambda x: bsp.batch_spectral_penalty(x, FT), FS),
    "hafn": (lambda x: afn.hard_feature_norm(x, 3.0), FS),
    "mcd": (lambda x: mcd.classifier_discrepancy(x, GS), GT),
    "mcd balance": (mcd.class_balance, GT),
    "mdd adversary, source": (lambda x: mdd.margin_disparity(GS, x, GT, GT.flip(0)), GS.flip(0)),
    "mdd adversary, target": (lambda x: mdd.margin_disparity(GS, GS.flip(0), GT, x), GT.flip(0)),
    "entropy": (entropy.minimum_entropy, GT),
    "advent": (advent.normalised_entropy, GT),
    "information": (information.information_maximisation, GT),
    "information, prior": (
        lambda x: information.information_maximisation(x, torch.linspace(1, 2, x.shape[1], dtype=x.dtype).softmax(0)),
        GT,
    ),
    "bnm": (bnm.batch_nuclear_norm, GT),
    "jmmd predictions": (lambda x: jmmd.joint_mmd(FS, x, FT, GT), GS),
    "pseudo labels": (lambda x: self_training.pseudo_label_loss(x, torch.tensor([0, 1, -1, 3, -1, 2, 0])), GT),
    "mic": (lambda x: mic.masked_consistency(x, GS), GT),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_gradient_is_the_derivative(name: str) -> None:
    loss, x = SMOOTH[name]
    torch.testing.assert_close(_analytic(loss, x), _numeric(loss, x), rtol=1e-5, atol=1e-7)


def test_mkmmd_gradient_with_the_width_held_fixed() -> None:
    """The kernels' width is taken from the batch, but is not differentiated."""
    joint = torch.cat([FS, FT])
    spread = (joint[:, None] - joint[None]).square().sum(-1).mean()
    n = len(FS)

    def fixed(x: Tensor) -> Tensor:
        rows = torch.cat([x, FT])
        distances = (rows[:, None] - rows[None]).square().sum(-1)
        kernel = torch.exp(-distances / (2 * spread))
        same = kernel[:n, :n].sum() - n
        return same / (n * (n - 1)) - 2 * kernel[:n, n:].mean()

    analytic = _analytic(lambda x: mkmmd.multi_kernel_mmd(x, FT, alphas=(1.0,)), FS)
    torch.testing.assert_close(analytic, _numeric(fixed, FS), rtol=1e-5, atol=1e-8)


def test_mcc_gradient_with_the_weights_held_fixed() -> None:
    weights = entropy.entropy_weights(torch.softmax(GT / 2.5, 1))

    def fixed(x: Tensor) -> Tensor:
        p = torch.softmax(x / 2.5, 1)
        confusion = (p * weights[:, None]).T @ p
        confusion = confusion / confusion.sum(1)
        return (confusion.sum() - confusion.trace()) / p.shape[1]

    torch.testing.assert_close(_analytic(mcc.minimum_class_confusion, GT), _numeric(fixed, GT), rtol=1e-5, atol=1e-9)


def test_afn_gradient_grows_every_norm_by_the_same_step() -> None:
    gradient = _analytic(lambda x: afn.adaptive_feature_norm(x, 0.3), FS)
    torch.testing.assert_close(gradient, -2 * 0.3 / len(FS) * FS / FS.norm(dim=1, keepdim=True))


def test_reversal_turns_and_scales_the_gradient_only() -> None:
    x = FS.clone().requires_grad_()
    reversed_x = reverse_gradient(x, 0.25)
    assert torch.equal(reversed_x, x)
    (3.0 * reversed_x).sum().backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None
    torch.testing.assert_close(x.grad, torch.full_like(x, -0.75))


@pytest.mark.parametrize("conditional", [False, True])
def test_reversal_reaches_the_features_and_leaves_the_discriminator_alone(conditional: bool) -> None:
    def gradients(reversal: float) -> tuple[Tensor, Tensor, Tensor]:
        module = INPUTS.discriminator("disc_cdan" if conditional else "disc_dann")
        source, logits = FS.clone().requires_grad_(), GS.clone().requires_grad_()
        if conditional:
            loss = cdan.conditional_adversarial_loss(module, source, logits, FT, GT, reversal, True)
        else:
            loss = dann.domain_adversarial_loss(module, source, FT, reversal) + 0.0 * logits.sum()
        features, predictions, weight = torch.autograd.grad(
            loss, [source, logits, module.fc1.weight], allow_unused=True, materialize_grads=True
        )
        return features, predictions, weight

    none, plain, half = gradients(0.0), gradients(1.0), gradients(0.5)
    assert not none[0].any() and not plain[1].any()  # predictions condition, they do not learn
    torch.testing.assert_close(half[0], 0.5 * plain[0])
    torch.testing.assert_close(half[2], plain[2])
    assert plain[0].abs().max() > 0 and plain[2].abs().max() > 0


def test_features_ascend_what_the_discriminator_descends() -> None:
    module = INPUTS.discriminator("disc_dann")
    features = FS.clone().requires_grad_()
    before = dann.domain_adversarial_loss(module, features, FT, 1.0)
    gradient = torch.autograd.grad(before, features)[0]
    after = dann.domain_adversarial_loss(module, FS - 0.1 * gradient, FT, 1.0)
    assert after > before


def test_teacher_and_head_get_no_gradient() -> None:
    teacher, head = GS.clone().requires_grad_(), GT.clone().requires_grad_()
    loss = mic.masked_consistency(GT, teacher) + mdd.margin_disparity(GS, GS, head, GT)
    assert not loss.requires_grad


def test_adversarial_entropy_moves_only_the_target() -> None:
    source, target = GS.clone().requires_grad_(), GT.clone().requires_grad_()
    module = torch.nn.Linear(GS.shape[1], 1).double()
    loss = advent.adversarial_entropy(module, source, target, 1.0)
    torch.autograd.backward(loss)
    assert source.grad is None and target.grad is not None and target.grad.abs().max() > 0
