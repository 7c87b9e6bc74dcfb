"""CDAN: conditional adversarial adaptation (Long et al., NeurIPS 2018) on the feature that the head sees."""

from __future__ import annotations

import torch

from train.losses.cdan import RandomMultilinearMap, conditional_adversarial_loss
from train.losses.discriminator import DomainDiscriminator
from train.losses.reversal import reversal_coefficient
from train.methods.batch import Method, Setting, StepBatch

LARGEST_MAP = 4096  # above this many products the paper projects them at random (eq. 6)
PROJECTION = 1024
HIDDEN = 256


class Cdan(Method):
    ramps_itself = True
    entropy_conditioning = False

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        rng = torch.Generator().manual_seed(setting.seed)
        large = setting.features * setting.classes > LARGEST_MAP
        self.random_map = RandomMultilinearMap(setting.features, setting.classes, PROJECTION, rng) if large else None
        with setting.seeded():
            inputs = PROJECTION if large else setting.features * setting.classes
            self.discriminator = DomainDiscriminator(inputs, HIDDEN)

    def loss(self, batch: StepBatch) -> torch.Tensor:
        return conditional_adversarial_loss(
            self.discriminator,
            batch.source_feature,
            batch.source_logits,
            batch.target_feature,
            batch.target_logits,
            reversal_coefficient(batch.progress),
            entropy_conditioning=self.entropy_conditioning,
            random_map=self.random_map,
        )
