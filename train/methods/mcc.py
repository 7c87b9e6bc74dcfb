"""MCC: minimum class confusion (Jin et al., ECCV 2020) on the target's logits."""

from __future__ import annotations

from torch import Tensor

from train.losses.mcc import minimum_class_confusion
from train.methods.batch import Method, Setting, StepBatch


class Mcc(Method):
    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self.temperature = setting.params.mcc_temperature

    def loss(self, batch: StepBatch) -> Tensor:
        return minimum_class_confusion(batch.target_logits, self.temperature)
