"""Sharpness-aware minimisation for domain adaptation.

SAM: Foret et al. 2021, "Sharpness-Aware Minimization for Efficiently Improving Generalization" (ICLR).
SDAT: Rangwani et al. 2022, "A Closer Look at Smoothness in Domain Adversarial Training" (ICML), algorithm 1: weights
are perturbed along the gradient of the TASK loss only; the adversarial loss is taken there too.

    task_loss(batch).backward()
    with perturbed_weights(parameters, rho=0.02):
        optimizer.zero_grad()
        (task_loss(batch) + adversarial_loss(batch)).backward()
    optimizer.step()
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


def gradient_norm(parameters: Iterable[Tensor]) -> Tensor:
    """Euclidean norm of all gradients together, a scalar; 0 where none has a gradient."""
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    return torch.stack(torch._foreach_norm(gradients)).norm() if gradients else torch.zeros(())


@contextmanager
def perturbed_weights(parameters: Iterable[nn.Parameter], rho: float = 0.02) -> Iterator[Tensor]:
    """Inside the block the parameters are w + rho * g / (||g|| + 1e-12); after it they are w again, to the bit.

    g are the gradients that the parameters hold on entry; those of the block are left for the optimiser, which then
    steps from w. Yields ||g||. Parameters without a gradient do not move. BatchNorm layers see two forward passes a
    step: freeze their statistics in the second where they are trained.
    """
    moved: list[Tensor] = [parameter for parameter in parameters if parameter.grad is not None]
    gradients = [parameter.grad for parameter in moved if parameter.grad is not None]
    norm = gradient_norm(moved)
    before = [parameter.detach().clone() for parameter in moved]
    if moved:
        with torch.no_grad():
            torch._foreach_add_(moved, list(torch._foreach_mul(gradients, rho / (norm + 1e-12))))
    try:
        yield norm
    finally:
        if moved:
            with torch.no_grad():
                torch._foreach_copy_(moved, before)
