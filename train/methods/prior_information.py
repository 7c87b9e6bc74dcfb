"""Information maximisation with a class prior (Krause et al., NIPS 2010): the photos' classes keep the shares that the
network gave them before the first step.

Information maximisation alone pulls towards equal shares, and what only makes predictions sure (entropy, MCC, pseudo
labels) lets a class that is a little more frequent than it should be swallow the ones that look like it. Shares hold
both back: those of the start are rough, but they were not made by the adaptation.
"""

from __future__ import annotations

import torch
from torch import Tensor

from train.losses.information import information_maximisation
from train.methods.batch import Method, Setting, StepBatch

RAREST = 5  # no class is expected to be more than so many times rarer than the average one


class PriorInformation(Method):
    prior: Tensor

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        prior = torch.ones(setting.classes) if setting.shares is None else setting.shares.float()
        prior = (prior / prior.sum()).clamp_min(1 / (RAREST * setting.classes))
        self.register_buffer("prior", prior / prior.sum())

    def loss(self, batch: StepBatch) -> Tensor:
        return information_maximisation(batch.target_logits, self.prior)
