"""A backbone run by one thread and by two: features and gradients are equal to rounding.

To the bit they cannot be: a convolution of other batch sizes adds in another order. That two threads give the same
bytes twice, and the same as two processes, is tested in tests/train/compute/test_distributed.py.
"""

from __future__ import annotations

import copy

import torch
from torch import nn

from train.compute.thread_replicas import ThreadReplicas
from train.networks.classifier import Classifier
from train.networks.new_network import new_network

SIZE = 32
IMAGES = torch.rand(5, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(1))  # five: shares of three and two


def network() -> Classifier:
    torch.manual_seed(0)
    return new_network("test_efficientnet", "random", 3, SIZE)


def test_features_without_gradients() -> None:
    plain = network()
    one, two = (ThreadReplicas(plain.backbone, count).map_images(IMAGES, plain.pooled_features) for count in (1, 2))
    torch.testing.assert_close(one, two, rtol=1e-5, atol=1e-6)


def test_features_and_gradients() -> None:
    """Each row's gradient is its own, so that one given to another row's share would be seen."""
    plain, results = network(), []
    for count in (1, 2):
        own = copy.deepcopy(plain)
        replicas = ThreadReplicas(own.backbone, count)
        features, outputs = replicas.forward(IMAGES, own.pooled_features)
        replicas.backward(torch.arange(1.0, 6.0)[:, None] * torch.ones_like(features), outputs)
        replicas.collect_gradients()
        results.append((features, gradients(own.backbone)))
    (one, ours), (two, theirs) = results
    torch.testing.assert_close(one, two, rtol=1e-5, atol=1e-6)
    largest = max(float(gradient.abs().max()) for gradient in ours.values())
    assert ours and set(ours) == set(theirs)
    for name, gradient in ours.items():
        torch.testing.assert_close(gradient, theirs[name], rtol=1e-3, atol=1e-5 * largest)


def gradients(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.grad for name, value in module.named_parameters() if value.grad is not None}
