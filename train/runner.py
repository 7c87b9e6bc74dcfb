"""A network in training: its forward passes of a step through lanes, and one way back through all of them."""

from __future__ import annotations

import torch
from torch import Tensor

from train.lanes import Lanes
from train.network import Classifier


class Runner:
    """Runs `network`, its backbone in `lanes` lanes (see `train.lanes`)."""

    def __init__(self, network: Classifier, lanes: int) -> None:
        self.network = network
        self._lanes = Lanes(network.backbone, lanes)
        self._passes: list[tuple[Tensor, list[Tensor]]] = []

    def pooled(self, images: Tensor) -> Tensor:
        """Pooled features (n, d) of images (n, 3, s, s); without gradient under `torch.no_grad()`."""
        if not torch.is_grad_enabled():
            return self._lanes.map_images(images, self.network.pooled_by)
        joined, outputs = self._lanes.forward(images, self.network.pooled_by)
        self._passes.append((joined, outputs))
        return joined

    def look(self, photos: Tensor, probabilities: Tensor) -> tuple[Tensor, Tensor]:
        """Features (m, d) and logits (m, c) of further views of the step's photos, whose class `probabilities` (m, c)
        are given. They have statistics of their own, which the domain's do not follow: a view with hidden blocks is no
        photo. (By the domain's, which lag behind, FixMatch talked itself into errors: .33 for .93 on digits.)
        """
        feature = self.network.norm(self.pooled(photos), "target", probabilities, follow=False)
        return feature, self.network.head(feature)

    def backward(self, loss: Tensor) -> None:
        """Adds the gradients of `loss` over all passes since the last call."""
        torch.autograd.backward(loss)
        for joined, outputs in self._passes:
            self._lanes.backward(joined, outputs)
        self._passes.clear()
