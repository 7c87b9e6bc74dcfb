"""A photo's class map: looked at twice, coarsely and finely, probabilities averaged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch.nn import functional

from photos.finder.look import MULTIPLE
from train.segment.network import SegmentationNetwork

SCALES = (1, 2)
"""Longer sides of the looks, by the side of the pictures that trained; as many as the papers' multi-scale testing has
that a CPU can afford."""
LARGEST_PX = 1024
"""Longer side of the map in which classes are compared: of a larger photo each pixel has its nearest neighbour's."""

ClassMap = npt.NDArray[np.uint8]


def class_map(network: SegmentationNetwork, photo: Image.Image, image_size: int) -> ClassMap:
    """The class (h, w) of each pixel of an upright RGB photo of any size."""
    looks = [_look(network, photo, image_size * scale) for scale in SCALES]
    averaged = torch.stack([_enlarged(one, looks[-1].shape[1:]) for one in looks]).mean(0)
    factor = min(1.0, LARGEST_PX / max(photo.size))
    width, height = (max(1, round(side * factor)) for side in photo.size)
    averaged = _enlarged(averaged, (height, width))
    found = averaged.argmax(0).to(torch.uint8).cpu().numpy()
    if (width, height) == photo.size:
        return found
    rows, columns = (
        (np.arange(full) * small) // full for full, small in ((photo.height, height), (photo.width, width))
    )
    return found[np.ix_(rows, columns)]


@torch.no_grad()
def _look(network: SegmentationNetwork, photo: Image.Image, side: int) -> torch.Tensor:
    """Probabilities (C, h, w), seen with the photo's longer side at about `side` pixels."""
    factor = side / max(photo.size)
    width, height = (max(MULTIPLE, round(each * factor / MULTIPLE) * MULTIPLE) for each in photo.size)
    small = photo.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=3.0)
    picture = torch.from_numpy(np.asarray(small).transpose(2, 0, 1)[None].copy()).to(network.mean.device)
    return torch.softmax(network(picture.float().div_(255)).logits[0], 0)


def _enlarged(maps: torch.Tensor, size: Sequence[int]) -> torch.Tensor:
    """Maps (C, h, w) of another `size` (height, width)."""
    return functional.interpolate(maps[None], size=tuple(size), mode="bilinear", align_corners=False)[0]
