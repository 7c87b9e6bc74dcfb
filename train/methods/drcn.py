"""DRCN: deep reconstruction-classification network (Ghifary et al., ECCV 2016): photos are drawn again from features.

The decoder sees the pooled feature only, so it gives a small picture of the strong view (shrunk by area, which takes
most of the view's noise away, as the paper's denoising does).
"""

from __future__ import annotations

from torch import Tensor

from train.losses.reconstruction import ImageDecoder, reconstruction_loss
from train.methods.batch import Method, Setting, StepBatch

WIDTH = 32  # of the decoder's layers: it costs a tenth of a small backbone


class Drcn(Method):
    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        with setting.seeded():
            self.decoder = ImageDecoder(setting.features, width=WIDTH)

    def loss(self, batch: StepBatch) -> Tensor:
        decoded = self.decoder(batch.target_feature)
        return reconstruction_loss(decoded, batch.strong.to(decoded.device))
