"""MDD: Zhang et al. 2019, "Bridging Theory and Algorithm for Domain Adaptation" (ICML)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from train.losses.precision import in_float32

_OFFSET = 1e-6


@in_float32
def margin_disparity(
    logits_source: Tensor,
    adversary_source: Tensor,
    logits_target: Tensor,
    adversary_target: Tensor,
    margin: float = 4.0,
    weights_source: Tensor | None = None,
    weights_target: Tensor | None = None,
) -> Tensor:
    """The margin disparity discrepancy, at most 0: -margin * CE(adversary_s, h_s) + log(1 - p_adversary_t[h_t]).

    The head's predictions h (argmax of `logits_*` [n, C], [m, C]) are labels and get no gradient. The adversarial
    head ascends this value: it agrees with the head on the source and disagrees on the target. So SUBTRACT it from
    the task loss, with the adversary's features behind a gradient reversal (high = 0.1) so that the features descend
    it. The probability is shifted by 1e-6 before the logarithm (and the sum capped at 1), which bounds the value and
    its gradient.

    >>> logits, blind = torch.tensor([[1.0, 0.0]]), torch.zeros(1, 2)
    >>> round(margin_disparity(logits, blind, logits, blind, margin=4.0).item(), 3)  # -(4 + 1) ln 2
    -3.466
    """
    source = -margin * functional.cross_entropy(adversary_source, logits_source.argmax(1), reduction="none")
    agreeing = torch.softmax(adversary_target, 1).gather(1, logits_target.argmax(1, keepdim=True))[:, 0]
    target = torch.log((1.0 - agreeing + _OFFSET).clamp_max(1.0))
    if weights_source is not None:
        source = source * weights_source
    if weights_target is not None:
        target = target * weights_target
    return source.mean() + target.mean()
