"""Which parameters train, and how fast: the backbone's blocks, each at its own rate, and everything that starts new."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import nn

from train.networks.backbones import block_parameters
from train.networks.classifier import Classifier
from train.params import AdaptParams


def parameter_groups(
    network: Classifier, own: Iterable[nn.Parameter], stage: AdaptParams, pace: float
) -> list[dict[str, Any]]:
    """Groups for an optimiser, from the stem to the head; `own` parameters of methods train with the head.

    Freezes the first `frozen_blocks` blocks. `layer_decay` multiplies the rate once for each block from the output on
    (as in BEiT, Bao et al. 2022): what is general moves less than what is particular.
    """
    blocks = block_parameters(network.backbone)
    groups: list[dict[str, Any]] = []
    for number, block in enumerate(blocks):
        if number < stage.frozen_blocks:
            for parameter in block:
                parameter.requires_grad_(False)
        elif block:
            rate = stage.backbone_learning_rate * stage.layer_decay ** (len(blocks) - 1 - number)
            groups.append({"params": block, "lr": pace * rate})
    return [*groups, {"params": [*network.head.parameters(), *own], "lr": pace * stage.head_learning_rate}]
