"""The network: the finder's encoder and feature pyramid, and for each pixel how likely it shows each class."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from train.find.network import SEGMENTATION, new_finder_network
from train.find.training import FROZEN_BLOCKS

LEVELS = 3
"""Deepest levels of the encoder that a domain classifier sees: strides 8, 16 and 32. Shallower ones do not train."""


@dataclass(frozen=True)
class Seen:
    """What the network says of n pictures of h x w pixels: `logits` (n, C, h, w), class 0 is what is no part; `levels`:
    the encoder's features (n, c, h / stride, w / stride), from fine to coarse.
    """

    logits: Tensor
    levels: tuple[Tensor, ...]


class SegmentationNetwork(nn.Module):
    """Pictures (n, 3, h, w) in [0, 1] to `Seen`; h and w are multiples of 32. Keep it in evaluation mode: normalisation
    computes in training as in use (see `FinderNetwork`).
    """

    mean: Tensor
    std: Tensor

    def __init__(self, encoder: nn.Module, decoder: nn.Module, classes: int) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.head = nn.Conv2d(SEGMENTATION, classes, 1)
        self.register_buffer("mean", torch.zeros(1, 3, 1, 1))
        self.register_buffer("std", torch.ones(1, 3, 1, 1))

    def forward(self, pictures: Tensor) -> Seen:
        levels = self.encoder((pictures - self.mean) / self.std)
        cells = self.head(self.decoder(levels)).float()
        logits = functional.interpolate(cells, size=pictures.shape[-2:], mode="bilinear", align_corners=False)
        return Seen(logits, tuple(levels[-LEVELS:]))

    @property
    def level_channels(self) -> list[int]:
        """Channels of `Seen.levels`."""
        channels: list[int] = list(self.encoder.out_channels)  # type: ignore[arg-type]
        return channels[-LEVELS:]


def new_segmentation_network(
    backbone: str, weights: str, image_size: int, classes: int, seed: int
) -> SegmentationNetwork:
    """A network with the pretrained `backbone`, whose first blocks are frozen, and decoder and head that `seed` draws.

    Raises UserError as `new_finder_network` does.
    """
    finder, first = new_finder_network(backbone, weights, image_size, seed)
    finder.trained_from(first, FROZEN_BLOCKS)
    network = SegmentationNetwork(finder.encoder, finder.decoder, classes)
    network.mean.copy_(finder.mean)
    network.std.copy_(finder.std)
    rng = torch.Generator().manual_seed(seed)
    nn.init.kaiming_uniform_(network.head.weight, a=math.sqrt(5), generator=rng)
    if network.head.bias is not None:
        nn.init.zeros_(network.head.bias)
    return network.eval()
