"""AFN: features of larger norm transfer better (Xu et al., ICCV 2019), the stepwise form (SAFN), both domains.

On the feature as the backbone gives it: behind the standardisation per domain the norm is fixed.
"""

from __future__ import annotations

from torch import Tensor

from train.losses.afn import adaptive_feature_norm
from train.methods.batch import Method, StepBatch


class Afn(Method):
    def loss(self, batch: StepBatch) -> Tensor:
        return adaptive_feature_norm(batch.source_pooled) + adaptive_feature_norm(batch.target_pooled)
