"""DAN: Long et al. 2015, "Learning Transferable Features with Deep Adaptation Networks" (ICML):
multi-kernel MMD.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from train.losses.kernels import discrepancy, gaussian_kernel
from train.losses.precision import in_float32

ALPHAS = tuple(2.0**k for k in range(-3, 2))  # tllib's examples


@in_float32
def multi_kernel_mmd(
    features_source: Tensor, features_target: Tensor, alphas: Sequence[float] = ALPHAS, linear: bool = False
) -> Tensor:
    """Squared MMD of two batches of features [n, d], [m, d] under the sum of Gaussian kernels with variance alpha *
    mean distance.

    The kernels' weights are all 1 (the paper learns them by a quadratic programme; tllib and everybody since sum
    them). May be negative (unbiased) and carries tllib's constant: see `kernels.discrepancy`.

    >>> features = torch.tensor([[0.0], [1.0], [2.0], [3.0]])
    >>> [round(multi_kernel_mmd(features, features + shift).item(), 2) for shift in (0.0, 1.0, 10.0)]
    [-0.79, -0.11, 7.37]
    """
    joint = torch.cat([features_source, features_target])
    kernel = torch.stack([gaussian_kernel(joint, alpha=alpha) for alpha in alphas]).sum(0)
    return discrepancy(kernel, len(features_source), linear)
