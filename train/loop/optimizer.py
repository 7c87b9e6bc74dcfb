"""Which parameters train, and how fast: the backbone's blocks, each at its own rate, and everything that starts new."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatch
from typing import Any

from torch import nn

from train.networks.backbones import block_parameters
from train.networks.classifier import Classifier
from train.networks.transferable import fresh_parameters
from train.params import AdaptParams


def freeze_blocks(network: Classifier, count: int) -> None:
    """The first `count` blocks of the backbone, from the stem on, get no gradient."""
    for block in block_parameters(network.backbone)[:count]:
        for parameter in block:
            parameter.requires_grad_(False)
    for parameter in fresh_parameters(network.backbone):
        parameter.requires_grad_(True)


def parameter_groups(
    network: Classifier, method_parameters: Iterable[nn.Parameter], params: AdaptParams, learning_rate_scale: float
) -> list[dict[str, Any]]:
    """Groups for an optimiser, from the stem to the head, without the first `frozen_blocks` blocks; parameters of the
    methods train with the head.

    `layer_decay` multiplies the rate once for each block from the output on (as in BEiT, Bao et al. 2022): what is
    general moves less than what is particular. Weight decay spares what does not multiply features, as timm's groups
    do: vectors (biases, scales and offsets of normalisations) and what the network itself names (position embeddings).
    """
    blocks = block_parameters(network.backbone)
    spared = _without_weight_decay(network.backbone)
    rated: list[tuple[nn.Parameter, float]] = []
    fresh = list(fresh_parameters(network.backbone))
    started = {id(parameter) for parameter in fresh}
    for number, block in enumerate(blocks):
        if number >= params.frozen_blocks:
            rate = params.backbone_learning_rate * params.layer_decay ** (len(blocks) - 1 - number)
            rated += [(parameter, learning_rate_scale * rate) for parameter in block if id(parameter) not in started]
    new = [*network.head.parameters(), *fresh, *method_parameters]
    rated += [(parameter, learning_rate_scale * params.head_learning_rate) for parameter in new]
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}  # few: each costs a GPU's optimiser a round of its own
    for parameter, rate in rated:
        decay = params.weight_decay if parameter.ndim > 1 and parameter not in spared else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    return [{"params": some, "lr": rate, "weight_decay": decay} for (rate, decay), some in groups.items()]


def _without_weight_decay(backbone: nn.Module) -> set[nn.Parameter]:
    """Parameters that timm's networks say should not decay, by names that may hold wildcards."""
    names: set[str] = getattr(backbone, "no_weight_decay", set)()
    return {
        parameter for name, parameter in backbone.named_parameters() if any(fnmatch(name, pattern) for pattern in names)
    }
