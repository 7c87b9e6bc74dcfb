"""ADDA: Tzeng et al. 2017, "Adversarial Discriminative Domain Adaptation" (CVPR) (inverted labels, GAN loss).

Two steps alternate: the discriminator learns on detached features, then the target encoder learns to be taken for
source. The source encoder stays as it was pre-trained.
"""

from __future__ import annotations

from torch import Tensor

from train.losses.discriminator import domain_labels, domain_log_loss
from train.losses.precision import in_float32


@in_float32
def discriminator_loss(scores_source: Tensor, scores_target: Tensor) -> Tensor:
    """Half the mean cross-entropy of each domain, for discriminator logits [n, 1] and [m, 1] on detached features.

    >>> import torch
    >>> sure, wrong = torch.tensor([[20.0]]), torch.tensor([[-20.0]])
    >>> round(discriminator_loss(sure, -sure).item(), 3), round(discriminator_loss(wrong, -wrong).item(), 3)
    (0.0, 20.0)
    """
    source = domain_log_loss(scores_source, domain_labels(len(scores_source), 0, scores_source))
    target = domain_log_loss(scores_target, domain_labels(0, len(scores_target), scores_target))
    return 0.5 * (source.mean() + target.mean())


@in_float32
def encoder_loss(scores_target: Tensor) -> Tensor:
    """Cross-entropy of the target rows with the inverted label "source", for discriminator logits [m, 1].

    >>> import torch
    >>> round(encoder_loss(torch.zeros(3, 1)).item(), 3)  # ln 2: the discriminator is undecided
    0.693
    """
    return domain_log_loss(scores_target, domain_labels(len(scores_target), 0, scores_target)).mean()
