"""Information maximisation: Krause et al. 2010, "Discriminative Clustering by Regularized Information Maximization"
(NIPS); Liang et al. 2020 (SHOT, ICML).
"""

from __future__ import annotations

import torch
from torch import Tensor

from train.losses.precision import in_float32


@in_float32
def information_maximisation(logits: Tensor, prior: Tensor | None = None, shares: Tensor | None = None) -> Tensor:
    """Mean entropy of the predictions minus the entropy of their mean, in [-ln C, 0]: each row certain, all classes
    used. With a class `prior` [C], positive and of sum 1, the divergence of their mean from it instead (Krause et al.
    2010), which is 0 or more: classes used as often as in the prior.

    Logits [batch, C] of unlabelled rows. The batch must be large enough to show the classes (several rows a class), or
    with a prior `shares` [C] of more rows, this batch's among them, say how often classes are used: the gradient is
    that of the divergence of the shares, as if all rows had been in the batch; a class is pushed down only where it is
    used too often there. Without a prior, for one row, or one class, it is 0. Without one it pulls towards equally
    frequent classes, wrongly so where the target's classes are not.

    >>> balanced, unsure = torch.tensor([[90.0, 0.0], [0.0, 90.0]]), torch.zeros(2, 2)
    >>> round(information_maximisation(balanced).item(), 3), abs(round(information_maximisation(unsure).item(), 3))
    (-0.693, 0.0)
    """
    log_probabilities = torch.log_softmax(logits, 1)
    conditional = -(log_probabilities.exp() * log_probabilities).sum(1).mean()
    log_mean = torch.logsumexp(log_probabilities, 0) - logits.new_full((), len(logits)).log()
    if prior is not None:
        log_shares = log_mean if shares is None else shares.clamp_min(torch.finfo(logits.dtype).tiny).log()
        return conditional + (log_mean.exp() * (log_shares - prior.log())).sum()
    marginal = -(log_mean.exp() * log_mean).sum()
    return conditional - marginal
