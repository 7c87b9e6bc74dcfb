"""Information maximisation (Krause et al., NIPS 2010; SHOT, Liang et al., ICML 2020) of the target's predictions."""

from __future__ import annotations

from torch import Tensor

from train.losses.information import information_maximisation
from train.methods.batch import Method, StepBatch


class InformationMaximisation(Method):
    def loss(self, batch: StepBatch) -> Tensor:
        return information_maximisation(batch.target_logits)
