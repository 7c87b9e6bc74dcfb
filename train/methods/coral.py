"""Deep CORAL: the covariances of both domains' features are aligned (Sun & Saenko, ECCV workshops 2016).

The loss carries 1 / (4 d^2), so its weight is large: the paper sets it so that this loss and the source's end alike.
"""

from __future__ import annotations

from torch import Tensor

from train.losses.coral import correlation_alignment
from train.methods.batch import Method, StepBatch


class Coral(Method):
    def loss(self, batch: StepBatch) -> Tensor:
        return correlation_alignment(batch.source_feature, batch.target_feature)
