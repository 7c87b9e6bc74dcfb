"""TensorFlow's "same" padding in ONNX files, as numbers of each convolution.

It is uneven: a convolution of stride 2 adds one row below and none above. PyTorch's convolutions cannot say that, so
timm pads the picture first, by what it computes from its sides, and the file has a step of its own for it before each
of them, whose copies take a tenth of the network's time. ONNX's convolutions can say it.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from timm.layers import Conv2dSame, get_same_padding
from torch import Tensor, nn

type _Sides = tuple[int, int, int, int]
"""Left, right, above, below."""


class _PaddedConvolution(torch.autograd.Function):
    """A convolution with padding of its own for each side, in PyTorch and as one node of an ONNX file."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, layer: nn.Conv2d, sides: _Sides, *weights: Tensor) -> Tensor:
        bias = weights[1] if len(weights) > 1 else None
        return F.conv2d(F.pad(images, sides), weights[0], bias, layer.stride, 0, layer.dilation, layer.groups)

    @staticmethod
    def symbolic(graph: Any, images: Any, layer: nn.Conv2d, sides: _Sides, *weights: Any) -> Any:
        left, right, above, below = sides
        return graph.op(
            "Conv",
            images,
            *weights,
            kernel_shape_i=layer.kernel_size,
            strides_i=layer.stride,
            dilations_i=layer.dilation,
            group_i=layer.groups,
            pads_i=(above, left, below, right),
        )


class _Padded(nn.Module):
    def __init__(self, layer: Conv2dSame, sides: _Sides) -> None:
        super().__init__()
        self.layer, self.sides = layer, sides

    def forward(self, images: Tensor) -> Tensor:
        weights = [self.layer.weight, *([] if self.layer.bias is None else [self.layer.bias])]
        padded: Tensor = _PaddedConvolution.apply(images, self.layer, self.sides, *weights)  # type: ignore[no-untyped-call]
        return padded


def fix_padding(network: nn.Module, example: Tensor) -> None:
    """Gives all convolutions of `network` that compute their padding the one that they have for `example`, in place.
    Pictures of other sides need another one, unless both are multiples of all strides together.
    """
    sides = _paddings(network, example)
    for name, layer in [*network.named_modules()]:
        if layer in sides and isinstance(layer, Conv2dSame):
            parent, _, own = name.rpartition(".")
            setattr(network.get_submodule(parent), own, _Padded(layer, sides[layer]))


def _paddings(network: nn.Module, example: Tensor) -> dict[nn.Module, _Sides]:
    seen: dict[nn.Module, _Sides] = {}

    def note(layer: Any, inputs: tuple[Tensor]) -> None:
        height, width = inputs[0].shape[-2:]
        across, down = (
            get_same_padding(side, layer.kernel_size[axis], layer.stride[axis], layer.dilation[axis])
            for side, axis in ((width, 1), (height, 0))
        )
        seen[layer] = (across // 2, across - across // 2, down // 2, down - down // 2)

    hooks = [layer.register_forward_pre_hook(note) for layer in network.modules() if isinstance(layer, Conv2dSame)]
    try:
        with torch.no_grad():
            network(example)
    finally:
        for hook in hooks:
            hook.remove()
    return seen
