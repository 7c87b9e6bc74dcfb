"""FDA: Fourier domain adaptation (Yang & Soatto, CVPR 2020): renders get the low frequencies' amplitudes of photos.

An augmentation without a loss: its number in `train.adapt.methods` is beta, the side of the swapped square as a share
of the spectrum (the paper: 0.01 to 0.09). The paper's entropy loss is `entropy`; its ensemble over three betas is left
out.
"""

from __future__ import annotations

from torch import Tensor

from cad2real.errors import UserError
from train.losses.fourier import swap_low_frequencies
from train.methods.batch import Method, Setting

WHOLE_SPECTRUM = 0.5


class Fda(Method):
    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        if not 0 <= setting.weight < WHOLE_SPECTRUM:
            raise UserError(
                f"train.adapt.methods: the number of fda is beta, from 0 to {WHOLE_SPECTRUM}, not {setting.weight:g}.",
                "Try fda: 0.01.",
            )
        self.beta = setting.weight

    def restyle(self, renders: Tensor, photos: Tensor) -> Tensor:
        return swap_low_frequencies(renders, photos, self.beta)
