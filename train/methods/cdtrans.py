"""CDTrans (Xu et al., ICLR 2022) for vision transformers: renders and photos that look alike are paired, and a branch
that asks a photo with its render's queries teaches the photo's branch.

The paper pairs whole data sets before each epoch; here the images of a step are paired, and what a class's photos look
like is a running mean over steps (CENTRE_MOMENTUM), first by what the teacher says of them, then by the labels that
follow from it, as in the paper. Pairs whose labels differ are left out. The renders' own loss is the loop's.
Costs a forward and a backward pass of up to twice the images.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from train.losses.cdtrans import centred_labels, distillation_loss, two_way_pairs
from train.methods.batch import Method, Setting, StepBatch
from train.networks.classifier import Classifier
from train.networks.transferable import refuse_other_than_vit

CENTRE_MOMENTUM = 0.9


class CdTrans(Method):
    soft: Tensor
    hard: Tensor

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self.register_buffer("soft", torch.zeros(setting.classes, setting.features))
        self.register_buffer("hard", torch.zeros(setting.classes, setting.features))

    @classmethod
    def prepare(cls, network: Classifier, seed: int) -> None:
        refuse_other_than_vit(network.backbone, "cdtrans")

    def loss(self, batch: StepBatch) -> Tensor:
        source, target = batch.source_feature.detach().float(), batch.target_feature.detach().float()
        labels = self.labels(target, batch.target_teacher)
        pairs = two_way_pairs(source, target)
        pairs = pairs[batch.source_labels[pairs[:, 0]] == labels[pairs[:, 1]]]
        if not len(pairs):
            return 0.0 * batch.target_logits.sum()
        renders, photos = batch.renders.to(target.device), batch.strong.to(target.device)
        images = torch.stack([renders[pairs[:, 0]], photos[pairs[:, 1]]], dim=1)
        _, logits, between = batch.forward_pairs(images, batch.target_teacher[pairs[:, 1]])
        return functional.cross_entropy(logits.float(), labels[pairs[:, 1]]) + distillation_loss(logits, between)

    @torch.no_grad()
    def labels(self, features: Tensor, probabilities: Tensor) -> Tensor:
        """Pseudo-labels (m,) of features (m, d) whose class probabilities (m, c) are given; the centres follow. Only
        the direction of a centre counts, so sums do for means.
        """
        self.soft.lerp_(probabilities.float().T @ features, 1 - CENTRE_MOMENTUM)
        first = centred_labels(features, self.soft)
        one_hot = functional.one_hot(first, len(self.soft)).float()
        self.hard.lerp_(one_hot.T @ features, 1 - CENTRE_MOMENTUM)
        empty = self.hard.abs().sum(dim=1, keepdim=True) == 0  # no photo of this class was seen yet
        return centred_labels(features, torch.where(empty, self.soft, self.hard))
