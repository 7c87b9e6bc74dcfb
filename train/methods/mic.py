"""MIC: masked image consistency (Hoyer et al., CVPR 2023): predictions on photos with hidden blocks follow the
teacher's.

Blocks of 64 px of a 224 px image, and the same share of other sizes. They are hidden behind the mean colour of the
step's photos (the paper: of the network's training images). Costs a forward and a backward pass.
"""

from __future__ import annotations

import torch
from torch import Tensor

from train.compute.copies import moved
from train.losses.mic import block_mask, kept_blocks, masked_consistency
from train.methods.batch import Method, Setting, StepBatch

BLOCK = 64 / 224  # share of the side


class Mic(Method):
    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self.rng = torch.Generator().manual_seed(setting.seed)

    def loss(self, batch: StepBatch) -> Tensor:
        _, logits = batch.forward_target(self.hide(batch.weak))
        # The teacher's logits are needed up to a constant a row only.
        return masked_consistency(logits, batch.target_teacher.clamp_min(torch.finfo(torch.float32).tiny).log())

    def hide(self, photos: Tensor) -> Tensor:
        """Photos (m, 3, s, s) with blocks hidden."""
        height, width = photos.shape[-2:]
        blocks = kept_blocks(len(photos), height, width, max(1, round(BLOCK * min(height, width))), generator=self.rng)
        mask = block_mask(moved(blocks, photos.device), height, width)  # drawn on the CPU, the same on every device
        return torch.lerp(photos.mean((0, 2, 3), keepdim=True), photos, mask)

    def get_extra_state(self) -> Tensor:
        return self.rng.get_state()

    def set_extra_state(self, state: Tensor) -> None:
        self.rng.set_state(state)
