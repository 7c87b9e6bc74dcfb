"""A network in training: its forward passes of a step through lanes, and one way back through all of them."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from train.distributed import ALONE, World
from train.lanes import Lanes
from train.network import Classifier


class Runner:
    """Runs `network`, its backbone in `lanes` lanes (see `train.lanes`), on this process's share of the images.

    `own` are parameters of methods that train along.
    """

    def __init__(self, network: Classifier, lanes: int, world: World = ALONE, own: Iterable[nn.Parameter] = ()) -> None:
        self.network = network
        self._lanes = Lanes(network.backbone, lanes)
        self._world = world
        self._whole = [*network.head.parameters(), *own]
        self._passes: list[tuple[Tensor, list[Tensor]]] = []

    def pooled(self, images: Tensor) -> Tensor:
        """Pooled features (n, d) of images (n, 3, s, s); without gradient under `torch.no_grad()`."""
        share = self._world.share(images)
        if not torch.is_grad_enabled():
            return self._world.gather(self._lanes.map_images(share, self.network.pooled_by), len(images))
        ours, outputs = self._lanes.forward(share, self.network.pooled_by)
        joined = self._world.gather(ours, len(images)).requires_grad_()
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
        """Gives all parameters, which have no gradients yet, those of `loss` over all passes since the last call."""
        torch.autograd.backward(loss)
        for joined, outputs in self._passes:
            if joined.grad is not None:
                self._lanes.backward(self._world.share(self._world.of_lead(joined.grad)), outputs)
        self._passes.clear()
        self._lanes.collect()
        self._world.sum_gradients(self.network.backbone.parameters(), self._whole)
