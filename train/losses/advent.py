"""ADVENT: Vu et al. 2019, "Adversarial Entropy Minimization for Domain Adaptation in Semantic Segmentation" (CVPR),
in its classification form (a prediction is a map of one pixel).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from train.losses.dann import domain_adversarial_loss
from train.losses.precision import in_float32


@in_float32
def self_information(logits: Tensor) -> Tensor:
    """-p log2(p + 1e-30) / log2(C) of every class, [batch, classes]; a row sums to its normalised entropy in [0, 1].

    With a single class there is nothing to be uncertain about: zeros.

    >>> self_information(torch.zeros(1, 2)).tolist()
    [[0.5, 0.5]]
    """
    classes = logits.shape[1]
    if classes == 1:
        return logits * 0.0
    probabilities = torch.softmax(logits, 1)
    return -probabilities * torch.log2(probabilities + 1e-30) / math.log2(classes)


@in_float32
def normalised_entropy(logits: Tensor) -> Tensor:
    """MinEnt, the direct form: mean entropy of the target predictions as a share of ln C, in [0, 1].

    >>> round(normalised_entropy(torch.zeros(1, 4)).item(), 3)  # nothing is known
    1.0
    """
    return self_information(logits).sum(1).mean()


@in_float32
def adversarial_entropy(
    discriminator: nn.Module, logits_source: Tensor, logits_target: Tensor, reversal: float
) -> Tensor:
    """AdvEnt: a discriminator of `classes` inputs on the self-information of both domains, through gradient reversal.

    The paper alternates two losses with inverted labels; reversal gives the same fixed point in one step. The source
    predictions are detached: only the target is to move, as in the paper.

    >>> blind = nn.Linear(2, 1, bias=False)
    >>> _ = nn.init.zeros_(blind.weight)
    >>> round(adversarial_entropy(blind, torch.zeros(4, 2), torch.zeros(3, 2), reversal=1.0).item(), 3)  # ln 2
    0.693
    """
    return domain_adversarial_loss(
        discriminator, self_information(logits_source.detach()), self_information(logits_target), reversal
    )
