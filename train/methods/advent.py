"""ADVENT: adversarial entropy minimisation (Vu et al., CVPR 2019), AdvEnt for classification.

A discriminator sees how uncertain each class is, and the target's predictions learn to look like the source's. Where
the paper alternates two losses with inverted labels, gradient reversal does it in one backward pass. The paper's direct
form, MinEnt, is `entropy` (its weight over ln C).
"""

from __future__ import annotations

from torch import Tensor

from train.losses.advent import adversarial_entropy
from train.losses.discriminator import DomainDiscriminator
from train.losses.reversal import reversal_coefficient
from train.methods.batch import Method, Setting, StepBatch

HIDDEN = 256


class Advent(Method):
    ramps_itself = True

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        with setting.seeded():
            self.discriminator = DomainDiscriminator(setting.classes, HIDDEN)

    def loss(self, batch: StepBatch) -> Tensor:
        reversal = reversal_coefficient(batch.progress)
        return adversarial_entropy(self.discriminator, batch.source_logits, batch.target_logits, reversal)
