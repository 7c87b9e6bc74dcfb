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

    def look(self, photos: Tensor) -> tuple[Tensor, Tensor]:
        """Features (n, d) and logits (n, c) of further views of photos, standardised by the target's statistics so far:
        a view with hidden blocks must neither share the batch's statistics nor move them.
        """
        feature = self.network.norm.standing(self.pooled(photos), "target")
        return feature, self.network.head(feature)

    def backward(self, loss: Tensor) -> None:
        """Adds the gradients of `loss` over all passes since the last call."""
        torch.autograd.backward(loss)
        for joined, outputs in self._passes:
            self._lanes.backward(joined, outputs)
        self._passes.clear()
