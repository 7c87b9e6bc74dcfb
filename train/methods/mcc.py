"""MCC: minimum class confusion (Jin et al., ECCV 2020) on the target's logits."""

from __future__ import annotations

import torch
from torch import nn

from train.losses.mcc import minimum_class_confusion
from train.methods.batch import Setting, StepBatch


class Mcc(nn.Module):
    def __init__(self, setting: Setting) -> None:
        super().__init__()
        self.temperature = setting.params.mcc_temperature

    def loss(self, batch: StepBatch) -> torch.Tensor:
        return minimum_class_confusion(batch.target_logits, self.temperature)
