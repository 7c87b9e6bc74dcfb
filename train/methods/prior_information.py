"""Information maximisation with a class prior (Krause et al., NIPS 2010): the photos' classes keep the shares that the
network gave them before the first step, corrected by outlines where these count.

Information maximisation alone pulls towards equal shares, and what only makes predictions sure (entropy, MCC, pseudo
labels) lets a class that is a little more frequent than it should be swallow the ones that look like it. Shares hold
both back: those of the start are rough, but they were not made by the adaptation.

The shares are those of the last IMAGES_A_CLASS photos a class, a running mean over batches: in a batch of 32 of 200
classes each class that is there at all is there too often, and right photos were pushed away from their class.
"""

from __future__ import annotations

import torch
from torch import Tensor

from train.losses.information import information_maximisation
from train.methods.batch import Method, Setting, StepBatch

IMAGES_A_CLASS = 16  # with 8 of right photos .5 % are still pushed down, with 16 and 32 none (docs/decisions.md)
RAREST = 5  # no class is expected to be more than so many times rarer than the average one


class PriorInformation(Method):
    prior: Tensor
    shares: Tensor

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        prior = torch.ones(setting.classes) if setting.shares is None else setting.shares.float()
        prior = (prior / prior.sum()).clamp_min(1 / (RAREST * setting.classes))
        self.register_buffer("prior", prior / prior.sum())
        self.register_buffer("shares", self.prior.clone())

    def loss(self, batch: StepBatch) -> Tensor:
        with torch.no_grad():
            seen = batch.target_logits.float().softmax(dim=1).mean(dim=0)
            self.shares.lerp_(seen, min(1.0, len(batch.target_logits) / (IMAGES_A_CLASS * len(seen))))
        return information_maximisation(batch.target_logits, self.prior, self.shares)
