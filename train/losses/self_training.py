"""Pseudo-labels (Lee 2013, ICML workshops): confident predictions are labels for training."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from train.losses.precision import in_float32

IGNORED = -1


@in_float32
def pseudo_labels(probabilities: Tensor, threshold: float) -> Tensor:
    """The most probable class of each row of probabilities [n, C], `IGNORED` where its confidence is below `threshold`;
    [n].

    >>> pseudo_labels(torch.tensor([[0.9, 0.1], [0.4, 0.6]]), threshold=0.8).tolist()
    [0, -1]
    """
    confidences, labels = probabilities.max(1)
    return torch.where(confidences >= threshold, labels, torch.full_like(labels, IGNORED))


@in_float32
def pseudo_label_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy with pseudo-labels [n], summed over the accepted rows and divided by all n rows, 0 when none is
    accepted.

    Dividing by all rows lets few accepted rows weigh little, and never gives 0/0.

    >>> logits = torch.zeros(2, 2)  # ln 2 a row
    >>> round(pseudo_label_loss(logits, torch.tensor([0, IGNORED])).item(), 3)
    0.347
    """
    losses = functional.cross_entropy(logits, labels, ignore_index=IGNORED, reduction="sum")
    return losses / len(logits)
