"""A classifier as training begins with it: its backbone pretrained, its head all zero."""

from __future__ import annotations

import torch

from train.compute.device import default_device, tune_kernels
from train.networks.backbones import create_backbone, feature_width, normalisation
from train.networks.classifier import Classifier
from train.networks.families import Pooling


def new_network(backbone: str, weights: str, classes: int, image_size: int, pooling: Pooling = "own") -> Classifier:
    """A classifier with the pretrained backbone, for pictures of `image_size` px, and an all-zero head."""
    tune_kernels()
    body = create_backbone(backbone, weights, image_size, pooling)
    mean, std = normalisation(body)
    network = Classifier(body, feature_width(body), classes, mean, std)
    torch.nn.init.zeros_(network.head.weight)
    torch.nn.init.zeros_(network.head.bias)
    # A new module is in training mode, where the backbone's BatchNorm would change with every look at an image.
    return network.to(default_device()).eval()
