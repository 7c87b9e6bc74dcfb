"""Entropies of class predictions, and entropy minimisation (Grandvalet & Bengio 2004, "Semi-supervised Learning by
Entropy Minimization", NIPS).
"""

from __future__ import annotations

import torch
from torch import Tensor

from train.losses.precision import in_float32


def entropy(probabilities: Tensor, epsilon: float = 1e-5) -> Tensor:
    """-sum_k p_k ln(p_k + epsilon) of each row, [batch], in nats.

    epsilon inside the logarithm as in tllib, so that weights made of it (CDAN, MCC) are the published ones; differs
    from the exact entropy in the fifth digit and is slightly negative for a one-hot row.

    >>> round(entropy(torch.full((1, 4), 0.25)).item(), 3)  # ln 4
    1.386
    """
    return -(probabilities * torch.log(probabilities + epsilon)).sum(1)


def entropy_weights(probabilities: Tensor, epsilon: float = 1e-5) -> Tensor:
    """1 + exp(-H) of each row, scaled to the mean 1, [batch]: certain rows count up to twice as much. Carries no
    gradient.

    >>> [round(weight, 3) for weight in entropy_weights(torch.tensor([[0.5, 0.5], [1.0, 0.0]])).tolist()]
    [0.857, 1.143]
    """
    weights = 1.0 + torch.exp(-entropy(probabilities.detach(), epsilon))
    return weights * (len(weights) / weights.sum())


@in_float32
def minimum_entropy(logits: Tensor) -> Tensor:
    """Mean exact entropy (nats, 0 to ln C) of the predictions of unlabelled rows. Alone it collapses to one class:
    give it a small weight or a partner that keeps classes balanced (`information`).

    >>> round(minimum_entropy(torch.zeros(1, 2)).item(), 3)  # ln 2: nothing is known
    0.693
    """
    log_probabilities = torch.log_softmax(logits, 1)
    return -(log_probabilities.exp() * log_probabilities).sum(1).mean()
