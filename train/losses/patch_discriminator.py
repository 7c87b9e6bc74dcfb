"""The discriminator of maps: that of DCGAN as ADVENT (Vu et al., CVPR 2019) and AdaptSegNet (Tsai et al., CVPR 2018)
use it, five convolutions that look at pieces of a map.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

FILTERS = (64, 128, 256, 512, 1)  # of the five convolutions
KERNEL, STRIDE, SLOPE = 4, 2, 0.2
SPREAD = 0.02  # standard deviation of its first weights, as of DCGAN


class PatchDiscriminator(nn.Module):
    """Maps (n, inputs, h, w), h and w at least 32, to logits of "source" of their pieces (n, 1, h / 32, w / 32)."""

    def __init__(self, inputs: int, generator: torch.Generator) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for filters in FILTERS:
            layers += [nn.Conv2d(inputs, filters, KERNEL, STRIDE, padding=1), nn.LeakyReLU(SLOPE)]
            inputs = filters
        self.layers = nn.Sequential(*layers[:-1])
        for layer in self.layers:
            if isinstance(layer, nn.Conv2d):
                nn.init.normal_(layer.weight, 0.0, SPREAD, generator=generator)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)

    def forward(self, maps: Tensor) -> Tensor:
        logits: Tensor = self.layers(maps)
        return logits
