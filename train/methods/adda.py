"""ADDA: inverted domain labels for the target's features (Tzeng et al., CVPR 2017), as far as it fits a joint loop.

The paper freezes a source encoder, copies it as the target encoder, and alternates steps of the discriminator and of
the target encoder. Here one encoder serves both domains and goes on learning the source's labels; the discriminator
and the encoder step together, each on its own loss: the discriminator sees detached features, and the encoder's loss
passes the discriminator without moving it. As in the paper only the target's features are pulled.
"""

from __future__ import annotations

import torch
from torch import Tensor

from train.losses.adda import discriminator_loss, encoder_loss
from train.losses.discriminator import DomainDiscriminator
from train.methods.batch import Method, Setting, StepBatch

HIDDEN = 256


class Adda(Method):
    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        with setting.seeded():
            self.discriminator = DomainDiscriminator(setting.features, HIDDEN)

    def loss(self, batch: StepBatch) -> Tensor:
        learned = self._scores(batch.source_feature.detach(), batch.target_feature.detach())
        self.discriminator.requires_grad_(False)  # what follows moves the encoder only
        fooled = self._scores(batch.source_feature.detach(), batch.target_feature)
        self.discriminator.requires_grad_(True)
        return discriminator_loss(*learned) + encoder_loss(fooled[1])

    def _scores(self, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (n, 1) and (m, 1), both domains in one call so that they share the discriminator's BatchNorm."""
        scores: Tensor = self.discriminator(torch.cat([source, target]))
        return scores[: len(source)], scores[len(source) :]
