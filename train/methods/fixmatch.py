"""FixMatch (Sohn et al., NeurIPS 2020): what the student is sure of in a weak view, it says of the strong view.

Unlike `self_training` it asks no teacher, and one fixed threshold holds for all classes. Costs a forward pass.
"""

from __future__ import annotations

import torch
from torch import Tensor

from train.losses.fixmatch import consistency
from train.methods.batch import Method, StepBatch


class FixMatch(Method):
    def loss(self, batch: StepBatch) -> Tensor:
        with torch.no_grad():
            _, weak = batch.look(batch.weak)
        return consistency(weak, batch.target_logits)
