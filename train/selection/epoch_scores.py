"""Label-free scores of the checkpoints of stage 2, from their outputs on held-out renders and on photos."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import softmax

from train.compute.device import default_device
from train.compute.distributed import ALONE, World
from train.data import batches
from train.data.datasets import SourceDomain, TargetDomain
from train.data.evenly import evenly
from train.data.held_out import HeldOut
from train.loop.course import Evidence
from train.networks.classifier import Classifier
from train.networks.inference import Inference
from train.params import TrainParams
from train.validators import VALIDATORS, Outputs, score

# DEV fits a domain classifier: minutes over a run, so only where it decides.
QUICK_SCORES = tuple(name for name in VALIDATORS if name != "dev")
SMALLEST = 1e-12  # of a probability, so that its logarithm exists
SELECTION_PHOTOS = 2000  # enough to score a checkpoint, however large the target is
SELECTION_RENDERS = 2000  # as training sees them, which are kept on the device: at 224 px 1.2 GB


def plain_batches(
    photos: npt.NDArray[np.uint8], size: int, device: torch.device | None = None
) -> Iterator[torch.Tensor]:
    """Photos (m, 3, s, s) as they are, in batches (k, 3, size, size) on `device` (None: the CPU)."""
    for start in range(0, len(photos), 64):
        yield batches.plain_view(photos[start : start + 64], size, 0.0, device)


def evidence(outputs: Outputs) -> Evidence:
    """What says whether an epoch's network still learns: the probability of each render's class, and of each photo how
    far its class probabilities lie from their mean (Kullback-Leibler divergence, in nats), whose mean over the photos
    is the score information_maximisation; and what it takes each photo for.
    """
    probabilities = outputs.target_probabilities
    mean = np.maximum(probabilities.mean(axis=0), SMALLEST) if len(probabilities) else 1.0
    divergences = (probabilities * np.log(np.maximum(probabilities, SMALLEST) / mean)).sum(axis=1)
    labels = outputs.source_labels
    known = softmax(outputs.source_logits, axis=1)[np.arange(len(labels)), labels]
    return Evidence(known, divergences, outputs.target_predictions.astype(np.float64))


class EpochScorer:
    """Scores checkpoints on held-out renders (one fixed draw of augmentation) and on photos as they are. Serves all
    runs that begin with the same network.
    """

    def __init__(self, source: SourceDomain, target: TargetDomain, params: TrainParams, world: World = ALONE) -> None:
        self.world = world
        self._initial_pooled: torch.Tensor | None = None
        self._size = params.image_size
        self._names = sorted({*QUICK_SCORES, params.adapt.score})
        rows = np.flatnonzero(source.held_out if source.held_out.any() else ~source.held_out)
        renders = HeldOut(source, target, params, evenly(rows, SELECTION_RENDERS))
        self._device = default_device()
        self._labels, self._renders = renders.labels, list(renders.views(self._device))
        rows = np.sort(np.random.default_rng(params.seed).permutation(len(target.images))[:SELECTION_PHOTOS])
        self.photos: npt.NDArray[np.uint8] = target.images[rows]
        self.extents: npt.NDArray[np.float64] = target.extents[rows]

    def initial_pooled(self, network: Classifier) -> torch.Tensor:
        """Pooled features (m, d) of the photos by `network`, which has to be the one before the first step."""
        if self._initial_pooled is None:
            self._initial_pooled = self._pooled(Inference(network.eval(), 1, self.world))
        return self._initial_pooled

    def initial_outputs(self, network: Classifier) -> Outputs:
        """Outputs of `network` before the first step. Sets its target statistics to those of the photos, where it has
        any of its own: with the source's it may predict few of the classes, which some scores take for certainty.
        """
        pooled = self.initial_pooled(network)
        network.norm.align(pooled, network.head)
        return self._outputs(network, Inference(network, 1, self.world), pooled)

    def outputs(self, network: Classifier, aligned: bool = False) -> Outputs:
        """Sets the target's statistics of `network` from the photos, unless they are `aligned`; returns what its scores
        are made of.
        """
        inference = Inference(network, 1, self.world)
        pooled = self._pooled(inference)
        if not aligned:
            network.norm.align(pooled, network.head)
        return self._outputs(network, inference, pooled)

    def scores(self, outputs: Outputs) -> dict[str, float]:
        """Label-free scores by name, higher is better."""
        return score(outputs, self._names)

    def _pooled(self, inference: Inference) -> torch.Tensor:
        return inference.pooled(plain_batches(self.photos, self._size, self._device))

    def _outputs(self, network: Classifier, inference: Inference, pooled: torch.Tensor) -> Outputs:
        with torch.no_grad():
            device = network.mean.device
            target_feature = network.norm(pooled.to(device), "target")
            target_logits = network.head(target_feature)
            source_feature = network.norm(inference.pooled(self._renders).to(device), "source")
            source_logits = network.head(source_feature)
        return Outputs(
            source_feature.cpu().numpy(),
            source_logits.cpu().numpy(),
            self._labels,
            target_feature.cpu().numpy(),
            target_logits.cpu().numpy(),
            head_weight=network.head.weight.detach().cpu().numpy(),
        )
