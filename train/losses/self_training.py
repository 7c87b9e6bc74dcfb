"""Self-training with class-balanced thresholds: Zou et al. 2018, "Unsupervised Domain Adaptation for Semantic
Segmentation via Class-Balanced Self-Training" (ECCV) (CBST).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from train.losses.precision import in_float32

IGNORED = -1


@in_float32
def class_balanced_thresholds(probabilities: Tensor, portion: float, highest: float = 0.95) -> Tensor:
    """The confidence that a prediction of each class must reach, [C], so that the surest `portion` of that class's
    predictions pass.

    Probabilities [n, C] of a teacher over the whole target set (or a long queue of it). `portion` in [0, 1] grows
    during the run (the paper: .2 to .5). No threshold exceeds `highest`: what is that sure passes in any case. Above
    1 (nothing passes) for a class that is never predicted, and for all with portion 0 where `highest` is above 1.
    """
    confidences, labels = probabilities.max(1)
    thresholds = probabilities.new_full((probabilities.shape[1],), 2.0)
    for label in set(labels.tolist()):
        own = confidences[labels == label].sort(descending=True).values
        passing = round(portion * len(own))
        threshold = own[passing - 1] if passing else own.new_tensor(2.0)
        thresholds[label] = threshold.clamp_max(highest)
    return thresholds


@in_float32
def pseudo_labels(probabilities: Tensor, thresholds: Tensor | float) -> Tensor:
    """The most probable class of each row [n], `IGNORED` where its confidence is below that class's threshold ([C] or
    one for all).
    """
    confidences, labels = probabilities.max(1)
    needed = thresholds[labels] if isinstance(thresholds, Tensor) else thresholds
    return torch.where(confidences >= needed, labels, torch.full_like(labels, IGNORED))


@in_float32
def pseudo_label_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy with pseudo-labels [n], summed over the accepted rows and divided by all n rows, 0 when none is
    accepted.

    Dividing by all rows lets few accepted rows weigh little, and never gives 0/0.
    """
    losses = functional.cross_entropy(logits, labels, ignore_index=IGNORED, reduction="sum")
    return losses / len(logits)
