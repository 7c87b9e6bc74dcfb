"""Weights that a stranger may have made, checked before and after a network is built for them: a few bytes of
description shall not cost gigabytes, and a network answers with numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import torch

from train.networks.backbones import EMBEDDED_WEIGHTS, parameter_count
from train.networks.classifier import Classifier
from train.networks.domain_norm import Domain

HEAD = "head.weight"
SPARE = 1_000_000
"""Numbers that a network may have beyond its weights' before it is fitted to the size of its pictures."""


def refuse_unfit(weights: Mapping[str, torch.Tensor], architecture: str, classes: int, members: int = 1) -> None:
    """Raises ValueError when `weights` are not finite, have another number of classes, or are far too few for `members`
    networks `architecture`.
    """
    if HEAD not in weights or weights[HEAD].shape[:1] != (classes,):
        raise ValueError(f"its weights are not of {classes:,} classes")
    for name, value in weights.items():
        if value.is_floating_point() and not torch.isfinite(value).all():
            raise ValueError(f"its weights {name[:100]!r} are not finite numbers")
    there = sum(value.numel() for value in weights.values())
    many = members > 1 or architecture not in EMBEDDED_WEIGHTS
    if many and members * parameter_count(architecture) > 2 * there + SPARE:
        times = f"{members} x " if members > 1 else ""
        raise ValueError(f"it holds {there:,} numbers, far too few for {times}{architecture}")


def as_saved_today(weights: Mapping[str, torch.Tensor], network: Classifier) -> dict[str, torch.Tensor]:
    """`weights` of a model of today, or of one of before, which had the classes' shares instead of their means: it
    answers as it did; were it adapted further, statistics of photos would be those of all of them.
    """
    others = {name: value for name, value in weights.items() if name != "norm.share"}
    return {"norm.class_means": torch.zeros_like(network.norm.class_means), **others}


@torch.no_grad()
def refuse_nonsense(network: Classifier, image_size: int) -> None:
    """Raises ValueError when `network` answers a grey picture of `image_size` px with what is no number."""
    grey = torch.full((1, 3, image_size, image_size), 0.5)
    for domain in get_args(Domain):
        if not all(torch.isfinite(answer).all() for answer in network(grey, domain)):
            raise ValueError("it answers with what is no number")
