"""FixMatch: Sohn et al. 2020, "FixMatch: Simplifying Semi-Supervised Learning with Consistency and Confidence"
(NeurIPS).
"""

from __future__ import annotations

import torch
from torch import Tensor

from train.losses.precision import in_float32
from train.losses.self_training import pseudo_label_loss, pseudo_labels


@in_float32
def consistency(logits_weak: Tensor, logits_strong: Tensor, threshold: float = 0.95) -> Tensor:
    """Cross-entropy of the strongly augmented view with the label of the weakly augmented one, where that is sure
    enough.

    Logits [n, C] of the same n unlabelled images; the weak view gets no gradient. `threshold`: the confidence
    from which it counts. Divided by n: 0 when no row is sure enough.

    >>> weak, strong = torch.tensor([[9.0, 0.0], [0.0, 0.0]]), torch.zeros(2, 2)
    >>> round(consistency(weak, strong).item(), 3)  # the second row's label is not sure: ln 2 / 2
    0.347
    """
    labels = pseudo_labels(torch.softmax(logits_weak.detach(), 1), threshold)
    return pseudo_label_loss(logits_strong, labels)
