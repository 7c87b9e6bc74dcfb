"""The trained network as an ONNX file, which photos are looked through with."""

from __future__ import annotations

import copy
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
from train.networks.onnx_export import onnx_bytes


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
    probabilities = _Probabilities(copy.deepcopy(network)).cpu().eval()
    sides = {PICTURES: {2: "height", 3: "width"}}
    cells = {"foreground": {1: "h", 2: "w"}, "centre": {1: "h", 2: "w"}, "reach": {2: "h", 3: "w"}}
    # Padding is fixed for all multiples of 32, by which the encoder shrinks a picture.
    return onnx_bytes(probabilities, torch.zeros(1, 3, 6 * MULTIPLE, 8 * MULTIPLE), PICTURES, OUTPUTS, sides | cells)


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
