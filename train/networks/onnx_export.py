"""Networks as the bytes of ONNX files, in which no step of its own pads pictures."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from train.networks.same_padding import fix_padding

OPSET = 17


def onnx_bytes(
    network: nn.Module, example: Tensor, inputs: str, outputs: Sequence[str], axes: Mapping[str, Mapping[int, str]]
) -> bytes:
    """`network` of one input and several outputs, by their names; of them the `axes` that are named may have any
    length. Its padding is that of `example` (see `fix_padding`), which changes it: give a copy. Raises the errors of
    PyTorch's exporter.
    """
    content = io.BytesIO()
    fix_padding(network, example)
    with warnings.catch_warnings(), torch.no_grad():
        # The newer exporter (dynamo) took minutes of a CPU for sides that are not fixed; this one takes a second. What
        # it warns of is that it is the older one.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (example,),
            content,  # type: ignore[arg-type] # this exporter takes files
            dynamo=False,
            opset_version=OPSET,
            input_names=[inputs],
            output_names=list(outputs),
            dynamic_axes={name: dict(named) for name, named in axes.items()},
        )
    return content.getvalue()
