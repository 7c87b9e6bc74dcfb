"""Whether photos are better cut by what a finder finds in them or used whole, asked without labels: by which of both
looks more like the renders.

A photo may show a part from side to side, or a piece of one: then what a finder finds is a hole or a knob.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from cad2real.errors import UserError
from photos.crop import Box
from photos.looking import Looking
from photos.params import Border
from photos.square import photo_squares
from train.data.batches import plain_view
from train.data.evenly import evenly
from train.data.image_cache import to_array
from train.loop.patience import rises
from train.networks.classifier import Classifier
from train.networks.inference import Inference
from train.networks.new_network import new_network
from train.networks.recipes import recipe_of, with_recipe
from train.params import TrainParams

UInt8 = npt.NDArray[np.uint8]
Float = npt.NDArray[np.float64]

ASKED = 64  # photos
RENDERS = 400  # that they are compared with, evenly from all parts
NEAREST = 5  # renders whose cosines count, as many as CNOS takes (Nguyen et al., ICCV workshops 2023)
BATCH = 64  # images a forward pass


@dataclass(frozen=True)
class Likeness:
    """How like renders photos are, `found` (n,) cut by the main part that a finder finds in them and `whole` (n,):
    the mean cosine, in [-1, 1], of the NEAREST renders in features of the frozen backbone. In the same order.
    """

    found: Float
    whole: Float

    @property
    def whole_is_nearer(self) -> bool:
        """Whether whole photos are more like the renders, by more than one standard error of the differences."""
        return rises(self.found, self.whole)

    @property
    def reason(self) -> str:
        """Why what is found is not used, in a sentence; empty where it is."""
        if not self.whole_is_nearer:
            return ""
        return (
            f"it is set aside: whole photos look more like the renders (cosine {self.whole.mean():.2f} in "
            f"{len(self.whole)} photos) than what it finds in them ({self.found.mean():.2f}). "
            "photos.crop: found uses it in any case."
        )

    def as_dict(self) -> dict[str, Any]:
        """Its figures, none where nothing was found."""
        if not len(self.found):
            return {"photos": 0}
        return {"photos": len(self.found), "found": float(self.found.mean()), "whole": float(self.whole.mean())}


def likeness(looking: Looking, photos: Sequence[Path], border: Border, renders: UInt8, params: TrainParams) -> Likeness:
    """Asks some of `photos`: those in which something is found with certainty. `renders` (n, 4, s, s); `params` say
    which backbone sees pictures of what size. Raises UserError as `create_backbone` does.
    """
    params = with_recipe(params)
    size = params.image_size
    pairs = list(_pairs(looking, photos, border, size))
    if not pairs:
        return Likeness(np.zeros(0), np.zeros(0))
    network = _frozen(params)
    known = _features(network, renders[evenly(np.arange(len(renders)), RENDERS)], size)
    found, whole = (_cosines(_features(network, np.stack(side), size), known) for side in zip(*pairs, strict=True))
    return Likeness(found, whole)


def _pairs(looking: Looking, photos: Sequence[Path], border: Border, size: int) -> Iterator[tuple[UInt8, UInt8]]:
    """Of each photo (3, size, size) what is found, and all of it. What cannot be used `cad2real photos` lists."""
    for row in evenly(np.arange(len(photos)), ASKED):
        try:
            boxes: list[Box | None] = [box for box, _ in looking.boxes(photos[row], one=True)]
            squares = photo_squares(photos[row], [*boxes, None], border, size) if boxes else []
        except (UserError, MemoryError, OSError):
            continue
        pictures = [to_array(square[1], size, "RGB") for square in squares if not isinstance(square, UserError)]
        if boxes and len(pictures) == len(squares):
            found, whole = pictures
            yield found, whole


def _frozen(params: TrainParams) -> Classifier:
    """The pretrained backbone, as the probe sees with it; of its head nobody asks."""
    pooling = recipe_of(params.backbone, params.recipe).pooling
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(params.seed)  # `weights: random` draws them here
        return new_network(params.backbone, params.weights, 1, params.image_size, pooling)


@torch.no_grad()
def _features(network: Classifier, images: UInt8, size: int) -> Float:
    """Pooled features (n, d) of length 1."""
    device = network.mean.device
    batches = (plain_view(images[start : start + BATCH], size, device=device) for start in range(0, len(images), BATCH))
    pooled = Inference(network, rotations=1).pooled(batches)
    unit: Float = torch.nn.functional.normalize(pooled).numpy().astype(np.float64)
    return unit


def _cosines(photos: Float, renders: Float) -> Float:
    """The mean cosine (n,) of the renders that are nearest to each of the photos (n, d)."""
    nearest: Float = np.sort(photos @ renders.T, axis=1)[:, -NEAREST:].mean(axis=1)
    return nearest
