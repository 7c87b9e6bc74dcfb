"""Features, probabilities and embeddings of many images, averaged over turned copies of each."""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere

from train.compute.device import replica_count
from train.compute.distributed import ALONE, World
from train.compute.thread_replicas import ThreadReplicas
from train.networks.classifier import Classifier
from train.networks.domain_norm import Domain

Tensor = torch.Tensor


class Inference:
    """Runs `network` in evaluation mode.

    `rotations` turned copies of each image (1, 2 or 4 quarter turns) are averaged: a part on a table has no upright. In
    a `world` of several processes all have to pass the same images, and all get all results.
    """

    def __init__(self, network: Classifier, rotations: int, world: World = ALONE) -> None:
        self.network = network
        self._world = world
        self.turns = range(0, 4, 4 // rotations)
        self._replicas = ThreadReplicas(network.backbone, replica_count())

    def pooled(self, batches: Iterable[Tensor]) -> Tensor:
        """Pooled features (n, d) of the images as they are."""
        features = [self._pooled(images) for images in batches]
        return torch.cat(features).cpu() if features else torch.zeros(0, self.network.head.in_features)

    @torch.no_grad()
    def probabilities(self, batches: Iterable[Tensor], domain: Domain) -> Tensor:
        """Class probabilities (n, c), the mean over the turned copies."""
        results = [
            torch.stack([self.network.head(feature).softmax(dim=1) for feature in self._turned(images, domain)]).mean(0)
            for images in batches
        ]
        return torch.cat(results).cpu() if results else torch.zeros(0, self.network.head.out_features)

    @torch.no_grad()
    def embeddings(self, batches: Iterable[Tensor], domain: Domain) -> Tensor:
        """L2-normalised standardised features (n, d), the mean over the turned copies."""
        results = [torch.stack(self._turned(images, domain)).mean(0) for images in batches]
        return F.normalize(torch.cat(results).cpu()) if results else torch.zeros(0, self.network.head.in_features)

    @torch.no_grad()
    def embed_and_classify(self, batches: Iterable[Tensor], domain: Domain) -> tuple[Tensor, Tensor]:
        """Embeddings (n, d) and class probabilities (n, c) of the same images, in one pass."""
        weight = self.network.head.weight
        features: list[Tensor] = [weight.new_zeros(0, self.network.head.in_features)]
        probabilities: list[Tensor] = [weight.new_zeros(0, self.network.head.out_features)]
        for images in batches:
            turned = torch.stack(self._turned(images, domain))
            features.append(turned.mean(0))
            probabilities.append(self.network.head(turned).softmax(dim=-1).mean(0))
        return F.normalize(torch.cat(features).cpu()), torch.cat(probabilities).cpu()

    def _turned(self, images: Tensor, domain: Domain) -> list[Tensor]:
        return [self.network.norm(self._pooled(torch.rot90(images, turn, (2, 3))), domain) for turn in self.turns]

    def _pooled(self, images: Tensor) -> Tensor:
        shard = self._world.shard(images)
        pooled = self.network.head.weight.new_zeros((0, self.network.head.in_features))
        if len(shard):
            pooled = self._replicas.map_images(shard, self.network.pooled_features)
        return self._world.gather(pooled, len(images))
