"""BSP: batch spectral penalisation (Chen et al., ICML 2019): no direction of the features may rule.

A partner of `dann` or `cdan` with a small weight (the paper: 0.0001).
"""

from __future__ import annotations

from torch import Tensor

from train.losses.bsp import batch_spectral_penalty
from train.methods.batch import Method, StepBatch


class Bsp(Method):
    def loss(self, batch: StepBatch) -> Tensor:
        return batch_spectral_penalty(batch.source_feature, batch.target_feature)
