"""ADVENT on maps: Vu et al. 2019, "Adversarial Entropy Minimization for Domain Adaptation in Semantic Segmentation"
(CVPR), in the paper's own form. (`advent` has it for one prediction a photo, with gradient reversal.)

The direct form, MinEnt, is `advent.normalised_entropy`, which takes maps as they are. The paper's weight of both is
.001.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from train.losses.advent import self_information
from train.losses.precision import in_float32


@in_float32
def adversarial_entropy_of_maps(
    discriminator: nn.Module, logits_source: Tensor, logits_target: Tensor
) -> tuple[Tensor, Tensor]:
    """What the network and what the discriminator minimise, both scalars, of logits (n, C, h, w) and (m, C, h, w).

    The discriminator says of weighted self-information maps -p log2 p / log2 C which domain they are of. The network
    is to have the target's taken for the source's: its loss moves nothing but the target's logits, the other nothing
    but the discriminator, so that their sum makes both of the paper's steps at once.

    >>> blind = nn.Conv2d(2, 1, 1)
    >>> _ = nn.init.zeros_(blind.weight), nn.init.zeros_(blind.bias)
    >>> maps = torch.zeros(1, 2, 4, 4)
    >>> [round(loss.item(), 3) for loss in adversarial_entropy_of_maps(blind, maps, maps)]  # ln 2
    [0.693, 0.693]
    """
    information = self_information(logits_target)
    frozen = {
        name: value.detach() for name, value in [*discriminator.named_parameters(), *discriminator.named_buffers()]
    }
    fooled: Tensor = functional_call(discriminator, frozen, (information,))
    of_target = discriminator(information.detach())
    of_source = discriminator(self_information(logits_source.detach()))
    told = 0.5 * (_taken_for(of_source, 1.0) + _taken_for(of_target, 0.0))
    return _taken_for(fooled, 1.0), told


def _taken_for(logits: Tensor, domain: float) -> Tensor:
    """Mean cross-entropy of all pieces with one domain: 1 is the source."""
    return functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, domain))
