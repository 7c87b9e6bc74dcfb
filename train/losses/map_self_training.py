"""Self-training on maps: a photo's pseudo-labels count by the share of its pixels that the teacher is sure of, as in
DACS (Tranheden et al., WACV 2021), DAFormer (Hoyer et al., CVPR 2022) and MIC (Hoyer et al., CVPR 2023).
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from train.losses.precision import in_float32
from train.losses.self_training import IGNORED

SURE = 0.968
"""Probability above which a pixel counts as sure."""


@in_float32
def sure_share(probabilities: Tensor, threshold: float = SURE) -> Tensor:
    """The share of pixels whose most probable class has more than `threshold`, of maps (n, C, h, w); (n,).

    >>> import torch
    >>> sure_share(torch.tensor([[[[0.99, 0.6]], [[0.01, 0.4]]]])).tolist()
    [0.5]
    """
    return (probabilities.amax(1) > threshold).to(probabilities.dtype).mean((1, 2))


@in_float32
def weighted_cross_entropy(logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Cross-entropy of logits (n, C, h, w) with labels (n, h, w), each pixel times its weight (n, h, w), mean over all
    pixels: where little is sure, all of a photo counts little. Pixels that are `IGNORED` count 0.

    >>> import torch
    >>> labels, half = torch.zeros(1, 1, 2, dtype=torch.long), torch.full((1, 1, 2), 0.5)
    >>> round(weighted_cross_entropy(torch.zeros(1, 2, 1, 2), labels, half).item(), 3)  # ln 2 / 2
    0.347
    """
    return (functional.cross_entropy(logits, labels, ignore_index=IGNORED, reduction="none") * weights).mean()
