"""Which parameters train, and how fast: the backbone's blocks, each at its own rate, and everything that starts new."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import nn

from train.networks.backbones import block_parameters
from train.networks.classifier import Classifier
from train.params import AdaptParams


def freeze_blocks(network: Classifier, count: int) -> None:
    """The first `count` blocks of the backbone, from the stem on, get no gradient."""
    for block in block_parameters(network.backbone)[:count]:
        for parameter in block:
            parameter.requires_grad_(False)


def parameter_groups(
    network: Classifier, method_parameters: Iterable[nn.Parameter], params: AdaptParams, learning_rate_scale: float
) -> list[dict[str, Any]]:
    """Groups for an optimiser, from the stem to the head, without the first `frozen_blocks` blocks; parameters of the
    methods train with the head.

    `layer_decay` multiplies the rate once for each block from the output on (as in BEiT, Bao et al. 2022): what is
    general moves less than what is particular.
    """
    blocks = block_parameters(network.backbone)
    groups: list[dict[str, Any]] = []
    for number, block in enumerate(blocks):
        if number >= params.frozen_blocks and block:
            rate = params.backbone_learning_rate * params.layer_decay ** (len(blocks) - 1 - number)
            groups.append({"params": block, "lr": learning_rate_scale * rate})
    new = [*network.head.parameters(), *method_parameters]
    return [*groups, {"params": new, "lr": learning_rate_scale * params.head_learning_rate}]
