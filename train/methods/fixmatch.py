"""FixMatch (Sohn et al., NeurIPS 2020): confident predictions on weak views are labels for the strong views.

Unlike `self_training` it uses no teacher, and one threshold holds for all classes: `confidence`, because the paper's
.95 is out of reach with label smoothing (.1 and ten classes: at most .91). Costs a forward pass.
"""

from __future__ import annotations

import torch
from torch import Tensor

from train.losses.fixmatch import consistency
from train.methods.batch import Method, Setting, StepBatch


class FixMatch(Method):
    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self.confidence = setting.params.confidence

    def loss(self, batch: StepBatch) -> Tensor:
        with torch.no_grad():
            _, weak = batch.forward_target(batch.weak)
        return consistency(weak, batch.target_logits, self.confidence)
