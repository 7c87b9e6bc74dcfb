"""BSP: Chen et al. 2019, "Transferability vs. Discriminability: Batch Spectral Penalization for Adversarial Domain
Adaptation" (ICML).
"""

from __future__ import annotations

import torch
from torch import Tensor

from train.losses.precision import in_float32


@in_float32
def batch_spectral_penalty(features_source: Tensor, features_target: Tensor) -> Tensor:
    """Sum of the squares of the largest singular value of each domain's features [n, d], [m, d]. A partner of DANN or
    CDAN with a small weight (the paper: 1e-4).

    Singular values alone, without vectors: their gradient stays finite where two of them are equal.

    >>> source, target = torch.diag(torch.tensor([3.0, 1.0])), torch.diag(torch.tensor([2.0, 1.0]))
    >>> round(batch_spectral_penalty(source, target).item(), 3)
    13.0
    """
    source: Tensor = torch.linalg.svdvals(features_source)[0]
    target: Tensor = torch.linalg.svdvals(features_target)[0]
    return source.square() + target.square()
