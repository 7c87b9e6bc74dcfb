"""The trained network as an ONNX file, which photos are looked through with."""

from __future__ import annotations

import copy
import io
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from cad2real import __version__
from cad2real.files import atomic_folder, write_json
from photos.finder.finder import DESCRIPTION, NETWORK, OUTPUTS, PICTURES
from photos.finder.look import MULTIPLE
from train.find.network import FinderNetwork
from train.networks.same_padding import fix_padding

OPSET = 17


class _Probabilities(nn.Module):
    """What `photos.finder.decode` takes: probabilities in place of logits."""

    def __init__(self, network: FinderNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        maps = self.network(pictures)
        return torch.sigmoid(maps.foreground), torch.sigmoid(maps.centre), maps.reach


def onnx_of(network: FinderNetwork) -> bytes:
    """The network as the bytes of an ONNX file for one picture (1, 3, H, W) in [0, 1] of any sides that are multiples
    of 32.
    """
    content = io.BytesIO()
    probabilities = _Probabilities(copy.deepcopy(network)).cpu().eval()
    cells = {"foreground": {1: "h", 2: "w"}, "centre": {1: "h", 2: "w"}, "reach": {2: "h", 3: "w"}}
    example = torch.zeros(1, 3, 6 * MULTIPLE, 8 * MULTIPLE)
    fix_padding(probabilities, example)  # as it is for all multiples of 32, by which the encoder shrinks a picture
    with warnings.catch_warnings():
        # The newer exporter (dynamo) took minutes of a CPU for sides that are not fixed; this one takes a second. What
        # it warns of is that it is the older one.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            probabilities,
            (example,),
            content,  # type: ignore[arg-type] # this exporter takes files
            dynamo=False,
            opset_version=OPSET,
            input_names=[PICTURES],
            output_names=OUTPUTS,
            dynamic_axes={PICTURES: {2: "height", 3: "width"}, **cells},
        )
    return content.getvalue()


def save_finder(folder: Path, network: bytes, description: dict[str, Any]) -> None:
    """Writes the ONNX file and its description (see `FinderDescription`) as one folder that appears whole; versions are
    added.
    """
    packages = ("torch", "timm", "segmentation-models-pytorch", "onnx", "onnxruntime", "numpy")
    versions = {name: version(name) for name in packages} | {"cad2real": __version__}
    with atomic_folder(folder) as temporary:
        (temporary / NETWORK).write_bytes(network)
        write_json(temporary / DESCRIPTION, description | {"versions": versions})


def save_no_finder(folder: Path, reason: str) -> None:
    """Writes in place of a finder why the project needs none."""
    with atomic_folder(folder) as temporary:
        write_json(temporary / DESCRIPTION, {"not_needed": reason})
