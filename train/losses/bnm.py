"""BNM: Cui et al. 2020, "Towards Discriminability and Diversity: Batch Nuclear-norm Maximization under Label
Insufficient Situations" (CVPR).
"""

from __future__ import annotations

import torch
from torch import Tensor

from train.losses.precision import in_float32


@in_float32
def batch_nuclear_norm(logits: Tensor) -> Tensor:
    """Minus the sum of the singular values of the probability matrix [batch, C], over the batch's size.

    -sqrt(C / batch) for certain and balanced predictions, -1 / sqrt(batch) when all fall to one class. Frequent
    classes pull less than with information maximisation, so that unbalanced targets are hurt less.

    >>> balanced, collapsed = torch.tensor([[90.0, 0.0], [0.0, 90.0]]), torch.tensor([[90.0, 0.0], [90.0, 0.0]])
    >>> round(batch_nuclear_norm(balanced).item(), 3), round(batch_nuclear_norm(collapsed).item(), 3)
    (-1.0, -0.707)
    """
    singular: Tensor = torch.linalg.svdvals(torch.softmax(logits, 1))
    return -singular.sum() / len(logits)
