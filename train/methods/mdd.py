"""MDD: margin disparity discrepancy (Zhang et al., ICML 2019) between the head and an adversarial one.

The adversarial head maximises the discrepancy and the features minimise it. Both in one backward pass: the loss is
minus the discrepancy, which the adversarial head descends, and the features stand behind gradient reversal, which the
paper limits to .1.
"""

from __future__ import annotations

from torch import Tensor, nn

from train.losses.mdd import margin_disparity
from train.losses.reversal import reversal_coefficient, reverse_gradient
from train.methods.batch import Method, Setting, StepBatch

HIDDEN = 256
STRONGEST_REVERSAL = 0.1


class Mdd(Method):
    ramps_itself = True

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        with setting.seeded():
            self.adversary = nn.Sequential(
                nn.Linear(setting.features, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, setting.classes)
            )

    def loss(self, batch: StepBatch) -> Tensor:
        reversal = reversal_coefficient(batch.progress, high=STRONGEST_REVERSAL)
        return -margin_disparity(
            batch.source_logits,
            self.adversary(reverse_gradient(batch.source_feature, reversal)),
            batch.target_logits,
            self.adversary(reverse_gradient(batch.target_feature, reversal)),
        )
