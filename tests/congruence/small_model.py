"""A network that nobody trained but that has an opinion, and photos of shapes on which its opinions differ."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image

from tests.train.conftest import CLASSES, draw_shape
from train.data.image_cache import to_array
from train.model import Model
from train.networks.classifier import Classifier
from train.networks.new_network import new_network

SIZE = 32
DESCRIPTION = {"classes": list(CLASSES), "backbone": "test_efficientnet", "image_size": SIZE, "rotations": 4}


def small_network() -> Classifier:
    torch.manual_seed(0)
    network = new_network("test_efficientnet", "random", len(CLASSES), SIZE)
    network.head.weight.data.normal_(std=0.3)
    # As after an adaptation, photos have statistics of their own: who took one for a render would be seen.
    seen = np.stack([to_array(picture, SIZE, "RGB") for picture in photos(8)])
    with torch.no_grad():
        features = network.pooled_features(network.backbone, torch.from_numpy(seen).float() / 255)
    network.norm.align(features, network.head)
    return network


def small_model() -> Model:
    return Model(small_network(), DESCRIPTION, "key")


def photos(count: int) -> list[Image.Image]:
    """Shapes on a bench, in photos of several formats."""
    rng = np.random.default_rng(2)
    pictures = []
    for number in range(count):
        red, green, blue = rng.integers(0, 255, 3).tolist()
        shape = draw_shape(CLASSES[number % len(CLASSES)], 48, (red, green, blue), rng)
        picture = Image.new("RGB", (48 + 8 * (number % 3), 48), (225, 220, 210))
        picture.paste(shape, mask=shape.getchannel("A"))
        pictures.append(picture)
    return pictures
