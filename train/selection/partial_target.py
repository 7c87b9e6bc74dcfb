"""Photos that show few of the classes: a partial target (Cao et al., ECCV 2018), for which our methods are not made.

Statistics of the photos' own, which put the features of all classes where the head expects them, spread the photos of
few classes over all; and with the source's, the domain discriminator finds the missing classes instead of the domain.
Better no adaptation than one that makes the network worse. Unless sizes tell the parts apart: those are right whatever
the photos show, and they teach the student.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from scipy.stats import entropy

from train.compute.distributed import ALONE, World
from train.networks.classifier import Classifier
from train.networks.domain_norm import DomainNorm, TargetStatistics
from train.sizes.calibration import calibrate
from train.sizes.possible_sizes import Sizes

FEW = 0.7  # share of the classes
LESS_SURE = 0.1  # in parts of the largest entropy that predictions can have


def partial_target_reason(
    network: Classifier,
    pooled: torch.Tensor,
    extents: npt.NDArray[np.float64],
    sizes: Sequence[Sizes] = (),
    world: World = ALONE,
) -> str:
    """Why photos with these `pooled` features (m, d) and `extents` (m, 2; see TargetDomain) seem to show few of the
    classes that `network` knows, or "". Uses no label. Collective in a `world`.

    Two things have to come together: with the source's statistics the predictions' shares are as uneven as those of a
    FEW of the classes (the exponential of their entropy), and statistics of the photos' own, which then spread them
    over classes that are not there, make the network LESS_SURE of them (the mean entropy of the predictions). Where all
    classes are there, also with a large gap between the domains, it stays about as sure. Measured:
    docs/explanation/training.md.
    "" too where one of the possible `sizes` of the parts holds in the photos, all from one distance.
    """

    def reason() -> str:
        by_source, by_own = (_class_probabilities(network, pooled, statistics) for statistics in ("source", "own"))
        classes, seen = network.head.out_features, float(np.exp(entropy(by_source.mean(axis=0))))
        lost = float((entropy(by_own, axis=1) - entropy(by_source, axis=1)).mean())
        if seen >= FEW * classes or lost < LESS_SURE * math.log(classes):
            return ""
        prior = calibrate(sizes, extents, by_source)
        if prior is not None and not prior.distance_spread:
            return ""
        return f"the photos seem to show few of the classes (about {seen:.0f} of {classes})."

    return world.broadcast_from_lead(reason)


@torch.no_grad()
def _class_probabilities(
    network: Classifier, pooled: torch.Tensor, statistics: TargetStatistics
) -> npt.NDArray[np.float64]:
    """Class probabilities (m, c) of photos with pooled features (m, d), standardised by those statistics."""
    norm: DomainNorm = copy.deepcopy(network.norm)
    norm.target_statistics = statistics
    pooled = pooled.to(network.mean.device)
    norm.align(pooled, network.head)
    return network.head(norm(pooled, "target")).softmax(dim=1).cpu().double().numpy()  # type: ignore[no-any-return]
