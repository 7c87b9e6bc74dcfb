"""A network in training: its forward passes of a step through lanes, and one way back through all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from train.compute.compilation import compile_in_place
from train.compute.distributed import ALONE, World
from train.compute.lanes import Lanes
from train.networks.classifier import Classifier


class Runner:
    """Runs `network`, its backbone in `lanes` lanes (see `train.compute.lanes`), on this process's share of the images.

    `own` are parameters of methods that train along. In more than one of `pieces` the images go through the backbone
    one piece after the other, twice: first for their features, then, when the gradients at the features are known, for
    those of the weights (GradCache: Gao et al., RepL4NLP 2021). So memory holds the activations of a piece, and losses
    of the whole batch stay what they are, as long as the backbone draws no random numbers and keeps its statistics.
    `compiled`: see `train.compute.compilation`.
    """

    def __init__(
        self,
        network: Classifier,
        lanes: int,
        world: World = ALONE,
        own: Iterable[nn.Parameter] = (),
        pieces: int = 1,
        compiled: bool = False,
    ) -> None:
        self.network = network
        self._lanes = Lanes(network.backbone, lanes)
        if compiled:
            compile_in_place(self._lanes.replicas)
        self._world = world
        self._whole = [*network.head.parameters(), *own]
        self._pieces = pieces
        self._passes: list[tuple[Tensor, Callable[[Tensor], None]]] = []

    def pooled(self, images: Tensor) -> Tensor:
        """Pooled features (n, d) of images (n, 3, s, s); without gradient under `torch.no_grad()`."""
        share = self._world.share(images)
        if not torch.is_grad_enabled():
            return self._world.gather(self._looked_at(share), len(images))
        ours, back = self._through(share)
        joined = self._world.gather(ours, len(images)).requires_grad_()
        self._passes.append((joined, back))
        return joined

    def _looked_at(self, images: Tensor) -> Tensor:
        pieces = images.chunk(self._pieces)
        return torch.cat([self._lanes.map_images(piece, self.network.pooled_by) for piece in pieces])

    def _through(self, images: Tensor) -> tuple[Tensor, Callable[[Tensor], None]]:
        """Pooled features, a leaf, and the way back for their gradient."""
        if self._pieces == 1:
            ours, outputs = self._lanes.forward(images, self.network.pooled_by)
            return ours, lambda gradient: self._lanes.backward(gradient, outputs)

        def back(gradient: Tensor) -> None:
            for piece, part in zip(images.chunk(self._pieces), gradient.chunk(self._pieces), strict=True):
                _, outputs = self._lanes.forward(piece, self.network.pooled_by)
                self._lanes.backward(part, outputs)

        return self._looked_at(images), back

    def look(self, photos: Tensor, probabilities: Tensor) -> tuple[Tensor, Tensor]:
        """Features (m, d) and logits (m, c) of further views of the step's photos, whose class `probabilities` (m, c)
        are given. They have statistics of their own (or those of the step, where both domains share these), which the
        domain's do not follow: a view with hidden blocks is no photo. (By the domain's, which lag behind, FixMatch
        talked itself into errors: .33 for .93 on digits.)
        """
        feature = self.network.norm(self.pooled(photos), "target", probabilities, follow=False)
        return feature, self.network.head(feature)

    def backward(self, loss: Tensor) -> None:
        """Gives all parameters, which have no gradients yet, those of `loss` over all passes since the last call."""
        torch.autograd.backward(loss)
        for joined, back in self._passes:
            if joined.grad is not None:
                back(self._world.share(self._world.of_lead(joined.grad)))
        self._passes.clear()
        self._lanes.collect()
        self._world.sum_gradients(self.network.backbone.parameters(), self._whole)
