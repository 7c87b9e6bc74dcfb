"""Self-training with an averaged teacher and ClassMix (DACS: Tranheden et al., WACV 2021; DAFormer: Hoyer et al., CVPR
2022): parts of composites are pasted onto photos, whose own pixels have the teacher's classes and count by the share
that it is sure of.
"""

from __future__ import annotations

import torch
from torch import Tensor

from train.losses.classmix import mixed, pasted_pixels
from train.losses.map_self_training import weighted_cross_entropy
from train.segment.methods.batch import MapBatch, MapMethod

DRAW = 1


class SelfTraining(MapMethod):
    def losses(self, batch: MapBatch, weight: float) -> dict[str, Tensor]:
        photos, pseudo = batch.strong, batch.pseudo
        rows = torch.arange(len(photos), device=photos.device) % len(batch.pictures)
        pictures, labels = batch.pictures[rows], batch.labels[rows]
        pasted = pasted_pixels(labels, batch.generator(DRAW))
        seen = batch.network(mixed(pasted, pictures, photos))
        weights = mixed(pasted, torch.ones_like(pseudo.weights), pseudo.weights)
        loss = weighted_cross_entropy(seen.logits, mixed(pasted, labels, pseudo.labels), weights)
        return {"self_training": weight * loss}
