"""JAN: joint maximum mean discrepancy of features and class probabilities (Long et al., ICML 2017)."""

from __future__ import annotations

from torch import Tensor

from train.losses.jmmd import joint_mmd
from train.methods.batch import Method, StepBatch


class Jan(Method):
    def loss(self, batch: StepBatch) -> Tensor:
        return joint_mmd(batch.source_feature, batch.source_logits, batch.target_feature, batch.target_logits)
