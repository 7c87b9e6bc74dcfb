"""DANN: Ganin et al. 2016, "Domain-Adversarial Training of Neural Networks" (JMLR 17)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from train.losses.discriminator import domain_labels, domain_log_loss
from train.losses.precision import in_float32
from train.losses.reversal import reverse_gradient


@in_float32
def domain_adversarial_loss(
    discriminator: nn.Module,
    features_source: Tensor,
    features_target: Tensor,
    reversal: float,
    weights_source: Tensor | None = None,
    weights_target: Tensor | None = None,
) -> Tensor:
    """Half the mean cross-entropy of the source rows plus half that of the target rows, source labelled 1.

    Features [n, d] and [m, d] (sizes may differ); `weights_*` [n], [m] multiply each row's loss (not normalised). The
    discriminator descends this loss, the features ascend it times `reversal` (0: the features get no gradient). ln 2
    = .693 when the discriminator knows nothing. Both domains pass the discriminator in one call (shared BatchNorm
    statistics).

    >>> source, target = torch.zeros(4, 2), torch.ones(3, 2)
    >>> blind = nn.Linear(2, 1, bias=False)
    >>> _ = nn.init.zeros_(blind.weight)
    >>> round(domain_adversarial_loss(blind, source, target, reversal=1.0).item(), 3)  # ln 2
    0.693
    """
    sources = len(features_source)
    features = reverse_gradient(torch.cat([features_source, features_target]), reversal)
    scores = discriminator(features)
    losses = domain_log_loss(scores, domain_labels(sources, len(features_target), scores))
    source, target = losses[:sources], losses[sources:]
    if weights_source is not None:
        source = source * weights_source
    if weights_target is not None:
        target = target * weights_target
    return 0.5 * (source.mean() + target.mean())
