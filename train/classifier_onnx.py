"""A trained classifier as one ONNX file, which answers as `train.model.Model` does for photos, without torch."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from torch import Tensor, nn

from cad2real import __version__
from cad2real.errors import UserError
from train.model import Model
from train.networks.classifier import Classifier
from train.networks.inference import Inference
from train.networks.onnx_export import onnx_bytes

IMAGES, OUTPUTS = "images", ["embeddings", "probabilities"]  # names in the file
ABOUT = "cad2real"
"""The key of the file's metadata under which its description stands, as JSON."""
FARTHEST = 1e-4
"""From torch's answers, of any number of an embedding or a probability."""
TRIED = (3, 1)  # images in the batches that are compared


class _PhotoAnswers(nn.Module):
    """Photos (n, 3, s, s) in [0, 1] to embeddings (n, d), L2-normalised, and class probabilities (n, classes): means
    over the turned copies, as `train.networks.inference.Inference` makes them with the target's statistics.
    """

    def __init__(self, network: Classifier, turns: Sequence[int]) -> None:
        super().__init__()
        self.network, self.turns = network, turns

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        network = self.network
        upright = (images - network.mean) / network.std
        turned = torch.cat([_turned(upright, turn) for turn in self.turns])
        features = network.norm(network.backbone(turned), "target")
        shape = (len(self.turns), -1)
        embeddings = features.unflatten(0, shape).mean(0)
        probabilities = network.head(features).softmax(dim=1).unflatten(0, shape).mean(0)
        return F.normalize(embeddings), probabilities


def _turned(images: Tensor, quarters: int) -> Tensor:
    """`torch.rot90`, which ONNX has not, of images (n, 3, s, s) by 0 to 3 quarter turns."""
    if quarters % 2:
        images = images.transpose(2, 3)
    sides = [side for side, turns in ((2, (1, 2)), (3, (2, 3))) if quarters in turns]
    return images.flip(sides) if sides else images


def classifier_onnx(model: Model) -> bytes:
    """The bytes of the ONNX file: input `images` float32 (n, 3, s, s) in [0, 1] for any n, outputs `embeddings` (n, d)
    and `probabilities` (n, classes); its metadata says which model it is (see `search.model.photo_network.About`).

    Raises UserError when the network cannot be written so, or would then answer otherwise than in torch.
    """
    own = copy.deepcopy(model.network).cpu().eval()
    own.in_bfloat16 = False
    inference = Inference(own, model.description["rotations"])
    answers = _PhotoAnswers(copy.deepcopy(own), inference.turns).eval()  # the exporter leaves it in this mode
    example = torch.zeros(2, 3, model.image_size, model.image_size)
    try:
        content = onnx_bytes(answers, example, IMAGES, OUTPUTS, {name: {0: "n"} for name in (IMAGES, *OUTPUTS)})
        network = _described(content, model)
        farthest = _farthest(network, inference, model.image_size)
    except Exception as error:  # of the exporter, of onnx and of onnxruntime: each has its own
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise UserError(f"The network cannot be written as ONNX ({reason}).", "Use another train.backbone.") from None
    if not farthest <= FARTHEST:
        raise UserError(f"The network answers otherwise as ONNX (by {farthest:.2g}).", "Use another train.backbone.")
    return network


def _described(content: bytes, model: Model) -> bytes:
    import onnx

    about = {
        "model_key": model.key,
        "classes": list(model.classes),
        "image_size": model.image_size,
        "temperature": model.temperature,  # for programs of other people; the index says it, too
        "unknown_below": model.unknown_below,
        "version": __version__,
    }
    network = onnx.load_from_string(content)
    onnx.helper.set_model_props(network, {ABOUT: json.dumps(about)})
    return network.SerializeToString()  # type: ignore[no-any-return]


def _farthest(network: bytes, inference: Inference, image_size: int) -> float:
    """The largest difference between the file's answers and torch's, of random images."""
    import onnxruntime

    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    farthest = 0.0
    for count in TRIED:
        images = rng.random((count, 3, image_size, image_size), dtype=np.float32)
        expected = inference.embed_and_classify([torch.from_numpy(images)], "target")
        for ours, theirs in zip(session.run(OUTPUTS, {IMAGES: images}), expected, strict=True):
            farthest = max(farthest, float(np.abs(ours - theirs.numpy()).max()))
    return farthest
