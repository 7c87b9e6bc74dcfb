"""Masked consistency (MIC: Hoyer et al., CVPR 2023): what the student says of a photo with hidden blocks is to be what
the teacher says of all of it, weighted by the share of pixels that the teacher is sure of.
"""

from __future__ import annotations

import torch
from torch import Tensor

from train.losses.map_self_training import weighted_cross_entropy
from train.losses.mic import block_mask, kept_blocks
from train.segment.methods.batch import MapBatch, MapMethod

BLOCK, RATIO = 64 / 1024, 0.7
"""Side of a block as a share of the picture's, and the share of blocks that are hidden: the paper's."""
DRAW = 2


class MaskedConsistency(MapMethod):
    def losses(self, batch: MapBatch, weight: float) -> dict[str, Tensor]:
        photos, side = batch.strong, batch.strong.shape[-1]
        blocks = kept_blocks(len(photos), side, side, max(1, round(BLOCK * side)), RATIO, batch.generator(DRAW))
        mask = block_mask(blocks.to(photos.device), side, side)
        # Hidden blocks are of the colour that the network takes for 0.
        seen = batch.network(torch.lerp(batch.network.mean.expand_as(photos), photos, mask))
        pseudo = batch.pseudo
        return {"masked_consistency": weight * weighted_cross_entropy(seen.logits, pseudo.labels, pseudo.weights)}
