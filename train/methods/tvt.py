"""TVT (Yang et al., WACV 2023) for vision transformers: the class token attends to what transfers, one discriminator
tells the domains of class tokens apart and another those of patches, and information maximisation clusters the photos.

GLOBAL, LOCAL and CLUSTERING weigh the three (the paper's alpha, beta and gamma). Both reversals are 1, and the loop
ramps the whole: by AdamW a discriminator learns as fast as with a weight of its own.
"""

from __future__ import annotations

from torch import Tensor

from cad2real.errors import UserError
from train.losses.dann import domain_adversarial_loss
from train.losses.discriminator import DomainDiscriminator
from train.losses.information import information_maximisation
from train.losses.tvt import patch_adversarial_loss
from train.methods.batch import Method, Setting, StepBatch
from train.networks.classifier import Classifier
from train.networks.transferable import make_transferable

HIDDEN = 256
GLOBAL, LOCAL, CLUSTERING = 0.1, 0.1, 1.0


class Tvt(Method):
    looks_at_patches = True

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        with setting.seeded():
            self.discriminator = DomainDiscriminator(setting.features, HIDDEN)

    @classmethod
    def prepare(cls, network: Classifier, seed: int) -> None:
        make_transferable(network.backbone, seed)

    def loss(self, batch: StepBatch) -> Tensor:
        if batch.source_patches is None or batch.target_patches is None:
            raise UserError("train.adapt.methods: tvt saw no patches.", "Choose a vision transformer.")
        whole = domain_adversarial_loss(self.discriminator, batch.source_feature, batch.target_feature, 1.0)
        patches = patch_adversarial_loss(batch.source_patches, batch.target_patches)
        return GLOBAL * whole + LOCAL * patches + CLUSTERING * information_maximisation(batch.target_logits)
