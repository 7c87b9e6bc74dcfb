"""AFN: Xu et al. 2019, "Larger Norm More Transferable: An Adaptive Feature Norm Approach" (ICCV)."""

from __future__ import annotations

import torch
from torch import Tensor

from train.losses.precision import in_float32


@in_float32
def adaptive_feature_norm(features: Tensor, delta: float = 1.0) -> Tensor:
    """SAFN: mean (||f|| - (||f||_detached + delta))^2 for features [n, d] of one domain; add both domains'.

    The value is always delta^2; only the gradient, -2 delta / n * f / ||f||, matters: every norm grows by a
    small step. A row of zeros has no direction and gets no gradient.

    >>> features = torch.tensor([[3.0, 4.0]], requires_grad=True)
    >>> adaptive_feature_norm(features, delta=1.0).backward()
    >>> [round(value, 3) for value in features.grad[0].tolist()]  # descent makes the row longer
    [-1.2, -1.6]
    """
    norms: Tensor = torch.linalg.vector_norm(features, dim=1)
    return (norms - (norms.detach() + delta)).square().mean()


@in_float32
def hard_feature_norm(features: Tensor, radius: float = 25.0) -> Tensor:
    """HAFN: the mean norm of the batch is pulled to one fixed radius, (mean ||f|| - radius)^2.

    >>> hard_feature_norm(torch.tensor([[3.0, 4.0]]), radius=7.0).item()  # (5 - 7)^2
    4.0
    """
    norms: Tensor = torch.linalg.vector_norm(features, dim=1)
    return (norms.mean() - radius).square()
