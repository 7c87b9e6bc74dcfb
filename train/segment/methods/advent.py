"""Adversarial entropy (AdvEnt of Vu et al., CVPR 2019): photos' maps of uncertainty are to look like composites'. The
paper's weight is .001; the discriminator's own loss has none.
"""

from __future__ import annotations

from torch import Tensor

from train.losses.advent_maps import adversarial_entropy_of_maps
from train.losses.patch_discriminator import PatchDiscriminator
from train.segment.methods.batch import MapBatch, MapMethod, MapSetting


class Advent(MapMethod):
    def __init__(self, setting: MapSetting) -> None:
        super().__init__(setting)
        self.discriminator = PatchDiscriminator(setting.classes, setting.generator())

    def losses(self, batch: MapBatch, weight: float) -> dict[str, Tensor]:
        fooled, told = adversarial_entropy_of_maps(self.discriminator, batch.source.logits, batch.target.logits)
        return {"advent": weight * fooled, "discriminator": told}
