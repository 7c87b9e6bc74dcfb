"""JAN: Long et al. 2017, "Deep Transfer Learning with Joint Adaptation Networks" (ICML): joint MMD of
features and predictions.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from train.losses.kernels import discrepancy, gaussian_kernel
from train.losses.mkmmd import ALPHAS
from train.losses.precision import in_float32

PREDICTION_SIGMA = 0.92  # tllib's example


@in_float32
def joint_mmd(
    features_source: Tensor,
    logits_source: Tensor,
    features_target: Tensor,
    logits_target: Tensor,
    alphas: Sequence[float] = ALPHAS,
    linear: bool = False,
) -> Tensor:
    """Squared MMD under the product of a kernel on the features (as MK-MMD) and a fixed Gaussian on the class
    probabilities.

    Features [n, d], [m, d], logits [n, C], [m, C]; gradients reach both. Same constant and edge cases as MK-MMD.

    >>> features, logits = torch.tensor([[0.0], [1.0], [2.0], [3.0]]), torch.tensor([[0.0, 9.0]] * 4)
    >>> same, other = joint_mmd(features, logits, features, logits), joint_mmd(features, logits, features, -logits)
    >>> round(same.item(), 2), round(other.item(), 2)
    (-0.79, 3.1)
    """
    features = torch.cat([features_source, features_target])
    probabilities = torch.softmax(torch.cat([logits_source, logits_target]), 1)
    kernel = torch.stack([gaussian_kernel(features, alpha=alpha) for alpha in alphas]).sum(0)
    kernel = kernel * gaussian_kernel(probabilities, sigma=PREDICTION_SIGMA)
    return discrepancy(kernel, len(features_source), linear)
