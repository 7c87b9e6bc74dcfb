"""Gradient reversal (Ganin et al. 2016, "Domain-Adversarial Training of Neural Networks") and its
schedule.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor


class _Reversal(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, coefficient: float) -> Tensor:
        ctx.coefficient = coefficient
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return -ctx.coefficient * gradients[0], None


def reverse_gradient(x: Tensor, coefficient: float) -> Tensor:
    """`x` unchanged; its gradient is multiplied by -`coefficient` on the way back.

    >>> x = torch.tensor(2.0, requires_grad=True)
    >>> (3.0 * reverse_gradient(x, coefficient=0.5)).backward()
    >>> x.grad.item()
    -1.5
    """
    reversed_x: Tensor = _Reversal.apply(x, coefficient)  # type: ignore[no-untyped-call]
    return reversed_x


def reversal_coefficient(progress: float, high: float = 1.0, alpha: float = 10.0) -> float:
    """How strongly the gradient is reversed at `progress` of the run: high * (2 / (1 + exp(-alpha * progress)) - 1).

    `progress` runs from 0 to 1 over the whole run, not over step counts, so that a small set gets the whole ramp too.
    It starts at exactly 0 and reaches .99991 * `high` with the paper's alpha = 10.

    >>> [round(reversal_coefficient(progress), 3) for progress in (0.0, 0.1, 0.5, 1.0)]
    [0.0, 0.462, 0.987, 1.0]
    """
    if progress < 0:
        raise ValueError(f"progress must not be negative, got {progress}")
    return high * (2.0 / (1.0 + math.exp(-alpha * progress)) - 1.0)
