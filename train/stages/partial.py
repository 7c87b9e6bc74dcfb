"""Photos that show few of the classes: a partial target (Cao et al., ECCV 2018), for which our methods are not made.

Statistics of the photos' own, which put the features of all classes where the head expects them, spread the photos of
few classes over all; and with the source's, the domain discriminator finds the missing classes instead of the domain.
Better no adaptation than one that makes the network worse.
"""

from __future__ import annotations

import copy
import math

import numpy as np
import torch
from scipy.stats import entropy

from train.datasets import TargetDomain
from train.distributed import ALONE, World
from train.inference import Inference
from train.network import Classifier, DomainNorm, TargetStatistics
from train.params import TrainParams
from train.stages.watched import plain_batches, some_photos

FEW = 0.7  # share of the classes
LESS_SURE = 0.1  # in parts of the largest entropy that predictions can have


def why_partial(network: Classifier, target: TargetDomain, params: TrainParams, world: World = ALONE) -> str:
    """Why the photos seem to show few of the classes, or nothing. Looks at no label. Collective in a `world`.

    Two things have to come together: with the source's statistics the predictions' shares are as uneven as those of a
    FEW of the classes (the exponential of their entropy), and statistics of the photos' own, which then spread them
    over classes that are not there, make the network LESS_SURE of them (the mean entropy of the predictions). Where all
    classes are there, also with a large gap between the domains, it stays about as sure. Measured: docs/training.md.
    """
    photos = target.images[some_photos(target, params)]
    pooled = Inference(network.eval(), 1, world).pooled(plain_batches(photos, params.image_size))

    def judged() -> str:
        (unsure, seen), (unsure_moved, _) = (_judged(network, pooled, whose) for whose in ("source", "own"))
        classes = network.head.out_features
        if seen >= FEW * classes or unsure_moved - unsure < LESS_SURE * math.log(classes):
            return ""
        return f"the photos seem to show few of the classes (about {seen:.0f} of {classes})."

    return world.agreed(judged)


@torch.no_grad()
def _judged(network: Classifier, pooled: torch.Tensor, whose: TargetStatistics) -> tuple[float, float]:
    """Mean entropy of what is said of photos with pooled features (m, d), and how many classes they seem to show."""
    norm: DomainNorm = copy.deepcopy(network.norm)
    norm.target_statistics = whose
    pooled = pooled.to(network.mean.device)
    norm.set_statistics("target", pooled)
    probabilities = network.head(norm(pooled, "target")).softmax(dim=1).cpu().double().numpy()
    return float(entropy(probabilities, axis=1).mean()), float(np.exp(entropy(probabilities.mean(axis=0))))
