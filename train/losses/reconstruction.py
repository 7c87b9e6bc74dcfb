"""DRCN: Ghifary et al. 2016 (ECCV), "Deep Reconstruction-Classification Networks for Unsupervised Domain
Adaptation".
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from train.losses.precision import in_float32


class ImageDecoder(nn.Module):
    """Small image [n, 3, side, side] from pooled features [n, dimension]: a linear layer, then upsampling and
    convolution until `side` (4 times a power of two) is reached. The classifier's encoder with this decoder is the
    reconstruction branch.
    """

    def __init__(self, dimension: int, side: int = 32, width: int = 64) -> None:
        super().__init__()
        doublings = (side // 4).bit_length() - 1
        if side != 4 * 2**doublings or side < 4:
            raise ValueError(f"the decoded side must be 4 times a power of two, got {side}")
        self.width = width
        self.start = nn.Linear(dimension, width * 4 * 4)
        blocks: list[nn.Module] = []
        for _ in range(doublings):
            blocks += [nn.Upsample(scale_factor=2, mode="nearest"), nn.Conv2d(width, width, 3, padding=1), nn.ReLU()]
        self.grow = nn.Sequential(*blocks, nn.Conv2d(width, 3, 3, padding=1))

    def forward(self, features: Tensor) -> Tensor:
        image: Tensor = self.grow(torch.relu(self.start(features)).view(-1, self.width, 4, 4))
        return image


@in_float32
def reconstruction_loss(decoded: Tensor, images: Tensor) -> Tensor:
    """Mean squared error of decoded target images and the clean ones, resized to the decoder's size by area where
    they differ.

    Encode a noisy or augmented image and pass the clean one here: the paper's denoising variant, its best. `images`
    get no gradient.

    >>> reconstruction_loss(torch.zeros(1, 3, 4, 4), images=torch.full((1, 3, 8, 8), 0.5)).item()
    0.25
    """
    clean = images.detach()
    if clean.shape[-2:] != decoded.shape[-2:]:
        clean = nn.functional.interpolate(clean, size=decoded.shape[-2:], mode="area")
    return (decoded - clean).square().mean()
