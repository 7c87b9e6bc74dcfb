"""Deep CORAL: Sun & Saenko 2016, "Deep CORAL: Correlation Alignment for Deep Domain Adaptation" (ECCV workshops)."""

from __future__ import annotations

from torch import Tensor

from train.losses.precision import in_float32


def covariance(features: Tensor) -> Tensor:
    """Unbiased covariance [d, d] of rows [n, d]; zeros for a single row, which has none.

    >>> import torch
    >>> covariance(torch.tensor([[0.0, 0.0], [2.0, -2.0]])).tolist()
    [[2.0, -2.0], [-2.0, 2.0]]
    """
    centred = features - features.mean(0, keepdim=True)
    return centred.T @ centred / max(len(features) - 1, 1)


@in_float32
def correlation_alignment(features_source: Tensor, features_target: Tensor) -> Tensor:
    """||C_s - C_t||_F^2 / (4 d^2) of the paper, for features [n, d], [m, d]; 0 for equal domains. Blind to a shift of
    the mean.

    >>> import torch
    >>> features = torch.tensor([[-1.0], [1.0]])
    >>> correlation_alignment(features, features + 5.0).item(), correlation_alignment(features, 2.0 * features).item()
    (0.0, 9.0)
    """
    dimension = features_source.shape[1]
    difference = covariance(features_source) - covariance(features_target)
    return difference.square().sum() / (4.0 * dimension**2)


@in_float32
def moment_alignment(features_source: Tensor, features_target: Tensor) -> Tensor:
    """The form of tllib and DomainBed: mean squared difference of the means plus that of the covariances. Four times
    CORAL, plus a term for the mean.

    >>> import torch
    >>> features = torch.tensor([[-1.0], [1.0]])
    >>> moment_alignment(features, features + 5.0).item(), moment_alignment(features, 2.0 * features).item()
    (25.0, 36.0)
    """
    means = features_source.mean(0) - features_target.mean(0)
    covariances = covariance(features_source) - covariance(features_target)
    return means.square().mean() + covariances.square().mean()
