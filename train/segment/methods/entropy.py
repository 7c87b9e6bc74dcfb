"""Minimum entropy (MinEnt of Vu et al., CVPR 2019): photos' pixels are to be of one class. The paper's weight is
.001.
"""

from __future__ import annotations

from torch import Tensor

from train.losses.advent import normalised_entropy
from train.segment.methods.batch import MapBatch, MapMethod


class Entropy(MapMethod):
    def losses(self, batch: MapBatch, weight: float) -> dict[str, Tensor]:
        return {"entropy": weight * normalised_entropy(batch.target.logits)}
