"""A network of LeNet's size (LeCun et al., 1998) that starts from nothing: three convolutions, 160,000 weights.

Strides instead of pooling, as in LeCun et al. (1989), because that is cheap on a CPU; group normalisation (Wu & He,
2018), because batch normalisation of a backbone keeps its statistics here, and a new one has none
(`train/networks/classifier.py`).
"""

from __future__ import annotations

import torch
from torch import nn

from train.networks.classifier import Classifier

FEATURES = 128


class LeNet(nn.Sequential):
    """Picture (n, 3, 32, 32) -> feature (n, FEATURES)."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(3, 16, 5, stride=2, padding=2),
            nn.GroupNorm(2, 16),
            nn.ReLU(),
            nn.Conv2d(16, 32, 5, stride=2, padding=2),
            nn.GroupNorm(4, 32),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, stride=2, padding=1),
            nn.GroupNorm(8, 64),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(64 * 4 * 4, FEATURES),
        )

    def group_matcher(self, coarse: bool = False) -> dict[str, str]:
        """All layers are one block, said as timm's networks say it."""
        return {"all": "^"}


def new_lenet(classes: int, seed: int) -> Classifier:
    """A classifier with random weights that depend on `seed` only, and an all-zero head."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = Classifier(LeNet(), FEATURES, classes, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    nn.init.zeros_(network.head.weight)
    nn.init.zeros_(network.head.bias)
    return network
