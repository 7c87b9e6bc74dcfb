"""Minimum entropy (Grandvalet & Bengio, NIPS 2004) of the target's predictions. Alone it may collapse to one class."""

from __future__ import annotations

from torch import Tensor

from train.losses.entropy import minimum_entropy
from train.methods.batch import Method, StepBatch


class Entropy(Method):
    def loss(self, batch: StepBatch) -> Tensor:
        return minimum_entropy(batch.target_logits)
