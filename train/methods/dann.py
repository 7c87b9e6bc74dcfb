"""DANN: domain-adversarial training (Ganin et al., JMLR 2016) on the feature that the head sees."""

from __future__ import annotations

from torch import Tensor

from train.losses.dann import domain_adversarial_loss
from train.losses.discriminator import DomainDiscriminator
from train.losses.reversal import reversal_coefficient
from train.methods.batch import Method, Setting, StepBatch

HIDDEN = 256


class Dann(Method):
    ramps_itself = True

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        with setting.seeded():
            self.discriminator = DomainDiscriminator(setting.features, HIDDEN)

    def loss(self, batch: StepBatch) -> Tensor:
        reversal = reversal_coefficient(batch.progress)
        return domain_adversarial_loss(self.discriminator, batch.source_feature, batch.target_feature, reversal)
