"""BNM: batch nuclear-norm maximisation (Cui et al., CVPR 2020) of the target's predictions."""

from __future__ import annotations

from torch import Tensor

from train.losses.bnm import batch_nuclear_norm
from train.methods.batch import Method, StepBatch


class Bnm(Method):
    def loss(self, batch: StepBatch) -> Tensor:
        return batch_nuclear_norm(batch.target_logits)
