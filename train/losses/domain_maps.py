"""A domain classifier on feature maps of several levels, by gradient reversal: Ganin et al. 2016 (`dann`) for each
place of a map, as Chen et al. 2018 ("Domain Adaptive Faster R-CNN", CVPR) and detectors of rebar trained on renders do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from train.losses.precision import in_float32
from train.losses.reversal import reverse_gradient

HIDDEN = 64


class LevelClassifiers(nn.Module):
    """For each level of features (n, channels, h, w) the logit of "source" at each place, (n, 1, h, w)."""

    def __init__(self, channels: Sequence[int], generator: torch.Generator) -> None:
        super().__init__()
        self.levels = nn.ModuleList(
            nn.Sequential(nn.Conv2d(each, HIDDEN, 1), nn.ReLU(), nn.Conv2d(HIDDEN, 1, 1)) for each in channels
        )
        for layer in self.levels.modules():
            if isinstance(layer, nn.Conv2d) and layer.bias is not None:
                nn.init.kaiming_uniform_(layer.weight, a=math.sqrt(5), generator=generator)
                nn.init.zeros_(layer.bias)

    def forward(self, levels: Sequence[Tensor]) -> list[Tensor]:
        return [classifier(level) for classifier, level in zip(self.levels, levels, strict=True)]


@in_float32
def domain_loss_of_maps(scores_source: Tensor, scores_target: Tensor) -> Tensor:
    """Half the mean cross-entropy of the source's places (labelled 1) plus half that of the target's, of logits (n, 1,
    h, w) and (m, 1, k, l).

    >>> round(domain_loss_of_maps(torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 3, 3)).item(), 3)  # ln 2: undecided
    0.693
    """
    source = functional.binary_cross_entropy_with_logits(scores_source, torch.ones_like(scores_source))
    target = functional.binary_cross_entropy_with_logits(scores_target, torch.zeros_like(scores_target))
    return 0.5 * (source + target)


def adversarial_levels(
    classifiers: nn.Module, levels_source: Sequence[Tensor], levels_target: Sequence[Tensor], reversal: float
) -> Tensor:
    """Mean over the levels of `domain_loss_of_maps`. The classifiers descend it, the features ascend it times
    `reversal`.

    >>> undecided = lambda levels: [0 * level for level in levels]
    >>> level = torch.ones(1, 1, 2, 2)
    >>> round(adversarial_levels(undecided, [level], [level], 1.0).item(), 4)  # ln 2
    0.6931
    """
    source, target = (
        classifiers([reverse_gradient(level, reversal) for level in levels])
        for levels in (levels_source, levels_target)
    )
    losses = [domain_loss_of_maps(one, other) for one, other in zip(source, target, strict=True)]
    return torch.stack(losses).mean()
