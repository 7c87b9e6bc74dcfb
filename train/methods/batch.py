"""What goes into an adaptation method and what comes out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import nn

from train.params import AdaptParams


@dataclass(frozen=True)
class Setting:
    """What a method may know when it is made: sizes, the stage's parameters and a seed."""

    features: int
    classes: int
    params: AdaptParams
    seed: int


@dataclass(frozen=True)
class StepBatch:
    """One step of both domains.

    `source_feature` (n, d) and `target_feature` (m, d): what the head sees, standardised per domain. `source_logits`
    (n, c) and `target_logits` (m, c); `source_labels` (n,) int64. `target_teacher` (m, c): class probabilities of the
    mean teacher on weak views of the same photos, without gradient. `progress` in [0, 1]: the share of the adaptation
    phase that is done.
    """

    source_feature: torch.Tensor
    source_logits: torch.Tensor
    source_labels: torch.Tensor
    target_feature: torch.Tensor
    target_logits: torch.Tensor
    target_teacher: torch.Tensor
    progress: float


class Method(Protocol):
    """An adaptation loss, perhaps with networks of its own (a discriminator)."""

    def loss(self, batch: StepBatch) -> torch.Tensor:
        """The unweighted loss, a scalar."""

    def parameters(self) -> Iterable[nn.Parameter]:
        """Parameters that train with the head's learning rate; empty for most methods."""

    def state_dict(self) -> dict[str, torch.Tensor]:
        """Everything that a resumed run needs."""

    def load_state_dict(self, state: dict[str, torch.Tensor]) -> object:
        """Takes back what `state_dict` gave."""
