"""MCD: Saito et al. 2018, "Maximum Classifier Discrepancy for Unsupervised Domain Adaptation" (CVPR)."""

from __future__ import annotations

import torch
from torch import Tensor

from train.losses.precision import in_float32


@in_float32
def classifier_discrepancy(first: Tensor, second: Tensor) -> Tensor:
    """Mean absolute difference of two heads' probabilities, from their logits [n, C] on the target, in [0, 2 / C].

    The heads ascend it with the features fixed (step B), the features descend it with the heads fixed (step C).

    >>> classifier_discrepancy(torch.tensor([[90.0, 0.0]]), torch.tensor([[0.0, 90.0]])).item()  # 2 / C
    1.0
    """
    return (torch.softmax(first, 1) - torch.softmax(second, 1)).abs().mean()


@in_float32
def class_balance(logits: Tensor) -> Tensor:
    """-mean_k ln(mean_i p_ik + 1e-6): smallest (ln C) when the batch's predictions are balanced over the classes. The
    paper adds it with weight 0.01 where its heads would otherwise favour a few classes.

    >>> round(class_balance(torch.zeros(1, 2)).item(), 3), round(class_balance(torch.tensor([[90.0, 0.0]])).item(), 3)
    (0.693, 6.908)
    """
    return -torch.log(torch.softmax(logits, 1).mean(0) + 1e-6).mean()
