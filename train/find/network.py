"""The finder's network: a timm encoder, a feature pyramid (Lin et al., CVPR 2017, by segmentation-models-pytorch), and
for every fourth pixel whether it shows a part, whether it is a part's middle, and how far the part's box reaches.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from cad2real.errors import UserError
from photos.finder.look import MULTIPLE
from train.networks.backbones import block_parameters, create_backbone, normalisation

PYRAMID, SEGMENTATION = 96, 64  # channels: a third of the library's, which cost more than the encoder
RARE = 0.05  # what a new network believes of any cell, so that the many empty ones do not drown the first steps
USUAL_SIDE_PX = 32.0  # what a new network believes of any box


@dataclass(frozen=True)
class Maps:
    """What the network says of n pictures, h x w cells of 4 pixels. `foreground` and `centre` (n, h, w): logits.
    `reach` (n, 4, h, w): pixels from the cell's middle to the left, upper, right and lower side of its part's box, > 0.
    """

    foreground: Tensor
    centre: Tensor
    reach: Tensor


class FinderNetwork(nn.Module):
    """Pictures (n, 3, h, w) in [0, 1] to `Maps`; h and w are multiples of 32.

    The encoder's BatchNorm keeps its pretrained statistics and the decoder normalises groups, so that the network
    computes the same in training as in use: keep it in evaluation mode.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, encoder: nn.Module, decoder: nn.Module, width: int) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.head = nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, 6, 1))
        self.register_buffer("mean", torch.zeros(1, 3, 1, 1))
        self.register_buffer("std", torch.ones(1, 3, 1, 1))

    def forward(self, pictures: Tensor) -> Maps:
        values = self.head(self.decoder(self.encoder((pictures - self.mean) / self.std))).float()
        # Exponents: boxes from 2 to 1,000 pixels lie within a few units of the last layer.
        reach = USUAL_SIDE_PX / 2 * torch.exp(values[:, 2:].clamp(-5, 5))
        return Maps(values[:, 0], values[:, 1], reach)

    def trained_from(self, first: nn.Module, frozen_blocks: int) -> list[nn.Parameter]:
        """Freezes the parameters of the first `frozen_blocks` blocks of the backbone `first`, whose names the encoder
        shares, and returns the encoder's others.
        """
        blocks = block_parameters(first)[:frozen_blocks]
        early = {id(parameter) for block in blocks for parameter in block}
        frozen = {name for name, parameter in first.named_parameters() if id(parameter) in early}
        body: nn.Module = self.encoder.model  # type: ignore[assignment]
        for name, parameter in body.named_parameters():
            parameter.requires_grad_(name not in frozen)
        return [parameter for parameter in body.parameters() if parameter.requires_grad]


class _Sum(nn.Module):
    """The sum of maps; the library stacks them first, which takes as long as a convolution."""

    def forward(self, maps: list[Tensor]) -> Tensor:
        total, *others = maps
        for other in others:
            total = total + other
        return total


def new_finder_network(backbone: str, weights: str, image_size: int, seed: int) -> tuple[FinderNetwork, nn.Module]:
    """A network with the pretrained `backbone` and a decoder that `seed` draws, and the backbone that it was made from.

    Raises UserError as `create_backbone` does, and for a network whose features are no pyramid.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # `weights: random` draws them here
        first = create_backbone(backbone, weights, image_size)
    network = _assembled(backbone)
    body: Any = network.encoder.model
    state = first.state_dict()
    body.load_state_dict({name: state[name] for name in body.state_dict()})
    mean, std = normalisation(first)
    network.mean.copy_(torch.tensor(mean).view(1, 3, 1, 1))
    network.std.copy_(torch.tensor(std).view(1, 3, 1, 1))
    _draw_weights(network, seed)
    return network.eval(), first


def _assembled(backbone: str) -> FinderNetwork:
    from segmentation_models_pytorch.decoders.fpn.decoder import FPNDecoder
    from segmentation_models_pytorch.encoders import get_encoder

    name = backbone.removeprefix("hf-hub:").partition("/")[2] if backbone.startswith("hf-hub:") else backbone
    try:
        # The global state from which both draw weights is left as it was; all are written over.
        with torch.random.fork_rng(devices=[]):
            encoder = get_encoder(f"tu-{name}", in_channels=3, depth=5, weights=None)
            decoder = FPNDecoder(list(encoder.out_channels), 5, PYRAMID, SEGMENTATION, dropout=0.0)
            decoder.merge = _Sum()
            network = FinderNetwork(encoder, decoder, SEGMENTATION)
            with torch.no_grad():
                network(torch.zeros(1, 3, 2 * MULTIPLE, 2 * MULTIPLE))
    except Exception as error:  # timm and the library raise many kinds for networks without a pyramid of features
        reason = str(error).partition("\n")[0].rstrip(".") or type(error).__name__
        raise UserError(
            f"train.backbone: {backbone} gives no features at several sizes, which the finder needs ({reason}).",
            "Use tf_efficientnet_lite0.",
        ) from None
    return network


def _draw_weights(network: FinderNetwork, seed: int) -> None:
    """Weights of decoder and head, He et al. 2015; the last layer begins with what is usual."""
    rng = torch.Generator().manual_seed(seed)
    for part in (network.decoder, network.head):
        for layer in part.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_uniform_(layer.weight, a=math.sqrt(5), generator=rng)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
    last: Any = network.head[-1]
    nn.init.zeros_(last.weight[2:])
    with torch.no_grad():
        last.bias[:2] = math.log(RARE / (1 - RARE))
