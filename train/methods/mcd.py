"""MCD: maximum classifier discrepancy (Saito et al., CVPR 2018) of the head and a second one.

Both heads learn the source's labels; on the target they maximise their discrepancy and the features minimise it. The
paper alternates three steps; here it is one backward pass: the loss is minus the discrepancy, which the heads descend,
and the features stand behind gradient reversal (the paper's own comparison, a little weaker than alternating).
"""

from __future__ import annotations

import torch.nn.functional as F  # noqa: N812 - its name everywhere
from torch import Tensor, nn

from train.losses.mcd import classifier_discrepancy
from train.losses.reversal import reversal_coefficient, reverse_gradient
from train.methods.batch import Method, Setting, StepBatch


class Mcd(Method):
    ramps_itself = True

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        with setting.seeded():
            self.second = nn.Linear(setting.features, setting.classes)

    def loss(self, batch: StepBatch) -> Tensor:
        learned = F.cross_entropy(self.second(batch.source_feature).float(), batch.source_labels)
        feature = reverse_gradient(batch.target_feature, reversal_coefficient(batch.progress))
        return learned - classifier_discrepancy(batch.head(feature), self.second(feature))
