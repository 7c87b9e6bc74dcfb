"""DAN: multi-kernel maximum mean discrepancy of the features (Long et al., ICML 2015)."""

from __future__ import annotations

from torch import Tensor

from train.losses.mkmmd import multi_kernel_mmd
from train.methods.batch import Method, StepBatch


class Dan(Method):
    def loss(self, batch: StepBatch) -> Tensor:
        return multi_kernel_mmd(batch.source_feature, batch.target_feature)
