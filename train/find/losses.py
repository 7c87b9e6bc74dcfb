"""The finder's losses: cross-entropy and overlap of the foreground, focal loss of the centres, overlap of the boxes."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from torch import Tensor

from train.find.network import Maps
from train.find.targets import Targets

FOCUS, NEAR = 2.0, 4.0  # alpha and beta of CornerNet
EPSILON = 1e-6
BOX_WEIGHT = 3.0  # boxes are what takes longest to learn


def finder_losses(maps: Maps, wanted: Targets) -> dict[str, Tensor]:
    """The losses of a batch by name; their sum trains."""
    return {
        "foreground": foreground_loss(maps.foreground, wanted.foreground, wanted.sure),
        "centre": centre_loss(maps.centre, wanted.centre, wanted.sure),
        "box": BOX_WEIGHT * box_loss(maps.reach, wanted.reach, wanted.weight),
    }


def foreground_loss(logits: Tensor, shares: Tensor, sure: Tensor) -> Tensor:
    """Cross-entropy of the shares (n, h, w), mean over cells, plus the Dice loss of the batch (Milletari et al., 3DV
    2016), in which few cells of parts count as much as many of the ground. Both weigh cells by `sure` (n, h, w).
    """
    cross = F.binary_cross_entropy_with_logits(logits, shares, weight=sure, reduction="sum") / sure.sum().clamp_min(1)
    said = torch.sigmoid(logits)
    both = (said * shares * sure).sum()
    dice = 1 - (2 * both + 1) / ((said.pow(2) * sure).sum() + (shares.pow(2) * sure).sum() + 1)
    return cross + dice


def centre_loss(logits: Tensor, bumps: Tensor, sure: Tensor) -> Tensor:
    """The penalty-reduced focal loss of CornerNet (Law & Deng, ECCV 2018), a part: cells at the top of a bump (n, h, w)
    shall say 1, others 0, and the less so the nearer they are to a top.
    """
    tops = (bumps == 1).float()
    said = torch.sigmoid(logits)
    right = -F.logsigmoid(logits) * (1 - said).pow(FOCUS) * tops
    wrong = -F.logsigmoid(-logits) * said.pow(FOCUS) * (1 - bumps).pow(NEAR) * (1 - tops)
    return ((right + wrong) * sure).sum() / tops.sum().clamp_min(1)


def box_loss(reach: Tensor, wanted: Tensor, weight: Tensor) -> Tensor:
    """1 - generalised IoU (Rezatofighi et al., CVPR 2019) of each cell's box with its part's, (n, 4, h, w) distances to
    its sides; weighted, a part.
    """
    (across, down), (across_wanted, down_wanted) = _widths(reach), _widths(wanted)
    both_across, both_down = _widths(torch.minimum(reach, wanted))
    hull_across, hull_down = _widths(torch.maximum(reach, wanted))
    both, hull = both_across * both_down, hull_across * hull_down
    union = across * down + across_wanted * down_wanted - both
    generalised = both / (union + EPSILON) - (hull - union) / (hull + EPSILON)
    loss: Tensor = ((1 - generalised) * weight).sum() / weight.sum().clamp_min(1)
    return loss


def _widths(reach: Tensor) -> tuple[Tensor, Tensor]:
    """Width and height (n, h, w) of the boxes with these distances to their sides."""
    return reach[:, 0] + reach[:, 2], reach[:, 1] + reach[:, 3]
