"""The forward and backward passes of a network in training, split over threads, pieces of the batch and processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from train.compute.compilation import compile_in_place
from train.compute.cuda_graphs import GraphedPasses, Look
from train.compute.distributed import ALONE, World
from train.compute.gradient_exchange import GradientExchange
from train.compute.thread_replicas import ThreadReplicas
from train.networks.classifier import Classifier


class ParallelNetwork:
    """Runs `network` on a batch of which the backbone sees shares, while losses see the whole batch.

    The backbone runs in `replicas` threads (`train.compute.thread_replicas`), on this process's share of the images
    (`train.compute.distributed`). With `pieces` above 1 the images go through it one piece after the other, twice:
    first for their features, then, when the gradients at the features are known, for those of the weights (GradCache:
    Gao et al., RepL4NLP 2021). So memory holds the activations of one piece, and losses of the whole batch stay what
    they are, as long as the backbone draws no random numbers and does not change its statistics.
    `method_parameters` are those of methods that train along. `compiled`: see `train.compute.compilation`. Whole
    batches on a GPU go through CUDA graphs (`train.compute.cuda_graphs`).
    """

    def __init__(
        self,
        network: Classifier,
        replicas: int,
        world: World = ALONE,
        method_parameters: Iterable[nn.Parameter] = (),
        pieces: int = 1,
        compiled: bool = False,
    ) -> None:
        self.network = network
        self._replicas = ThreadReplicas(network.backbone, replicas)
        network.compiled = compiled
        if compiled:
            compile_in_place(self._replicas.replicas)
        self._world = world
        whole = [*network.head.parameters(), *method_parameters]
        self._exchange = GradientExchange(world, [*network.backbone.parameters()], whole, overlapped=replicas == 1)
        self._pieces = pieces
        on_a_gpu = network.mean.device.type == "cuda"
        replayed = on_a_gpu and pieces == 1 and not compiled and not world.connected
        self._graphs = GraphedPasses(network.pooled_features) if replayed else None
        self._trains = any(parameter.requires_grad for parameter in network.backbone.parameters())
        self._passes: list[tuple[Tensor, Callable[[Tensor, bool], None]]] = []

    def pooled(self, images: Tensor, total: int | None = None, through: Look | None = None) -> Tensor:
        """Pooled features (n, d) of images (n, 3, s, s); without gradient under `torch.no_grad()`, or where all of the
        backbone is frozen. `total`: n, where `images` may be this process's share of them only. `through`: what to ask
        of the network in place of its pooled features.
        """
        through = through or self._graphs or self.network.pooled_features
        n = len(images) if total is None else total
        shard = self._world.shard(images) if len(images) == n else images
        if not (self._trains and torch.is_grad_enabled()):
            return self._world.gather(self._pooled_without_gradient(shard, through), n)
        features, backward = self._pooled_with_gradient(shard, through)
        gathered = self._world.gather(features, n).requires_grad_()
        self._passes.append((gathered, backward))
        return gathered

    def _pooled_without_gradient(self, images: Tensor, through: Look) -> Tensor:
        pieces = images.chunk(self._pieces)
        return torch.cat([self._replicas.map_images(piece, through) for piece in pieces])

    def _pooled_with_gradient(self, images: Tensor, through: Look) -> tuple[Tensor, Callable[[Tensor, bool], None]]:
        """Pooled features, a leaf, and the function that backpropagates their gradient; it has to know whether that is
        the step's last one.
        """
        if self._pieces == 1:
            features, outputs = self._replicas.forward(images, through)
            return features, lambda gradient, last: self._backward(gradient, outputs, last)

        def backward(gradient: Tensor, last: bool) -> None:
            pieces = [*zip(images.chunk(self._pieces), gradient.chunk(self._pieces), strict=True)]
            for number, (piece, piece_gradient) in enumerate(pieces, start=1):
                _, outputs = self._replicas.forward(piece, through)
                self._backward(piece_gradient, outputs, last and number == len(pieces))

        return self._pooled_without_gradient(images, through), backward

    def whole(self, rows: Tensor, total: int) -> Tensor:
        """All `total` rows of which this process may have its share only (collective then); without gradient."""
        return self._world.whole(rows, total)

    def forward_target(self, photos: Tensor, probabilities: Tensor) -> tuple[Tensor, Tensor]:
        """Features (m, d) and logits (m, c) of further views of the step's photos, whose class `probabilities` (m, c)
        are given. They are standardised by statistics of their own (or those of the step, where both domains share
        these), and the domain's running statistics stay as they are: a view with hidden blocks is no photo. (By the
        running statistics, which lag behind, FixMatch confirmed its own errors: .33 for .93 on digits.)
        """
        feature = self.network.norm(self.pooled(photos), "target", probabilities, update_running=False)
        return feature, self.network.head(feature)

    def forward_pairs(self, pairs: Tensor, probabilities: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits (p, c) of the source's branch, the target's, and that between them, of pairs (p, 2, 3, s, s), see
        `train.networks.cross_attention`. Each branch is standardised by statistics of its own, those of photos by class
        `probabilities` (p, c); the domains' stay as they are. There is a pair at least.
        """
        count, width = len(pairs), self.network.head.in_features
        padded = torch.cat([pairs, pairs[-1:].expand(max(0, self._world.size - count), *pairs.shape[1:])])
        branches = self.pooled(padded, through=self.network.paired_features)[:count].view(count, 3, width).unbind(1)
        even = torch.full_like(probabilities, 1 / probabilities.shape[1])
        known = even, probabilities, probabilities
        source, target, between = (
            self.network.head(self.network.norm(branch, "target", weights, update_running=False))
            for branch, weights in zip(branches, known, strict=True)
        )
        return source, target, between

    def backward(self, loss: Tensor) -> None:
        """Gives all parameters, which have no gradients yet, those of `loss` over all passes since the last call."""
        torch.autograd.backward(loss)
        self._exchange.send_whole()
        passes = [(features.grad, backward) for features, backward in self._passes if features.grad is not None]
        for number, (gradient, backward) in enumerate(passes, start=1):
            backward(self._world.shard(self._world.broadcast_tensor(gradient)), number == len(passes))
        self._passes.clear()
        if self._graphs is not None:
            self._graphs.release()
        self._replicas.collect_gradients()
        self._exchange.finish()

    def _backward(self, gradient: Tensor, outputs: list[Tensor], last: bool) -> None:
        if last:
            outputs = [self._exchange.in_last_pass(output) for output in outputs]
        with self._world.explained_peer_errors():  # gradients may be summed meanwhile
            self._replicas.backward(gradient, outputs)
