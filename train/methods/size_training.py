"""Self-training where sizes correct the teacher (`train/sizes/size_prior.py`), and only there.

Then its labels hold something that the student cannot know from looks alone. Without that, labels of one's own make a
network sure of its own mistakes: self-training alone took recoloured bricks from .665 to .636
(docs/explanation/choosing-methods.md).
"""

from __future__ import annotations

from torch import Tensor

from train.methods.batch import StepBatch
from train.methods.self_training import SelfTraining


class SizeTraining(SelfTraining):
    def loss(self, batch: StepBatch) -> Tensor | None:
        return super().loss(batch) if batch.sized else None
