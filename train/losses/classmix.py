"""ClassMix: Olsson et al. 2021, "ClassMix: Segmentation-Based Data Augmentation for Semi-Supervised Learning" (WACV),
between domains as in DACS (Tranheden et al., WACV 2021): what is cut out is a render's, by its exact outline.
"""

from __future__ import annotations

import torch
from torch import Tensor

from train.losses.self_training import IGNORED

BACKGROUND = 0


def pasted_pixels(labels: Tensor, generator: torch.Generator) -> Tensor:
    """Which pixels of pictures with these `labels` (n, h, w) are cut out, (n, h, w) bool: those of half of each
    picture's classes, rounded up, drawn at random. `BACKGROUND` is none of them: a table with holes is no scene.

    >>> pasted_pixels(torch.tensor([[[0, 3, 3]]]), torch.Generator()).tolist()
    [[[False, True, True]]]
    """
    chosen = torch.zeros_like(labels, dtype=torch.bool)
    for picture, of_one in enumerate(labels):
        classes = torch.unique(of_one)
        classes = classes[(classes != BACKGROUND) & (classes != IGNORED)]
        order = torch.randperm(len(classes), generator=generator).to(classes.device)
        chosen[picture] = torch.isin(of_one, classes[order[: (len(classes) + 1) // 2]])
    return chosen


def mixed(pasted: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """`source` where `pasted` (n, h, w), else `target`: pictures (n, c, h, w) or maps (n, h, w).

    >>> mixed(torch.tensor([[[True, False]]]), torch.tensor([[[1, 1]]]), torch.tensor([[[2, 2]]])).tolist()
    [[[1, 2]]]
    """
    return torch.where(pasted if source.dim() == 3 else pasted[:, None], source, target)
