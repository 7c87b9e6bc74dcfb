"""Multinomial logistic regression for many classes: loss and gradient by pieces, so that memory stays small."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from scipy.optimize import minimize
from torch import Tensor

from cad2real.progress import Progress
from train.compute.device import default_device

Float = npt.NDArray[np.float64]
PIECE = 2**25  # logits in memory at once: 134 MB, and as much again for their gradient
TOLERANCE = 1e-2  # of the gradient's largest entry, as a share of a class's weight in the loss
MOST_STEPS = 500


def fit_multinomial(
    features: Tensor,
    labels: Tensor,
    classes: int,
    inverse_regularisation: float,
    device: torch.device | None = None,
    weights: Float | None = None,
) -> tuple[Tensor, Tensor]:
    """Weight (c, d) and bias (c,) that minimise the mean cross-entropy of features (n, d) and labels (n,), every class
    weighing alike, or its rows as `weights` (n,) say, with `|weight|^2 / (2 * inverse_regularisation * n)` added: what
    scikit-learn's LogisticRegression minimises with `class_weight="balanced"`, by the same method (L-BFGS). Every class
    has at least a row.

    Of the (n, c) logits only PIECE are there at a time. The gradient of a class shrinks with the class's share in the
    loss, so the tolerance does too; scikit-learn's is the same for any number of classes, and stops after four steps at
    1,000. Runs on `device`: the GPU if there is one.
    """
    n, dimension = features.shape
    device = device or default_device()
    shares = n / (classes * torch.bincount(labels, minlength=classes).float()[labels])
    if weights is not None:
        shares = torch.from_numpy(weights / weights.mean()).float()
    penalty, rows = 1.0 / (inverse_regularisation * n), max(1, PIECE // classes)

    def loss_and_gradient(flat: Float) -> tuple[float, Float]:
        given = torch.from_numpy(flat).view(classes, dimension + 1)
        weight, bias = given[:, :-1].float().to(device), given[:, -1].float().to(device)
        gradient = torch.zeros_like(weight), torch.zeros_like(bias)
        total = torch.zeros((), dtype=torch.float64, device=device)
        for start in range(0, n, rows):
            x, truth, share = (all_of[start : start + rows].to(device) for all_of in (features, labels, shares))
            total += _piece(x, truth, share / n, weight, bias, gradient)
        found = torch.empty_like(given)
        found[:, :-1] = gradient[0].double().cpu() + penalty * given[:, :-1]
        found[:, -1] = gradient[1].double().cpu()
        return float(total) + 0.5 * penalty * float(given[:, :-1].square().sum()), found.flatten().numpy()

    with Progress("fit the head", 0, "steps") as progress:
        fitted = minimize(
            loss_and_gradient,
            np.zeros(classes * (dimension + 1)),
            jac=True,
            method="L-BFGS-B",
            callback=lambda _: progress.advance(),
            options={"maxiter": MOST_STEPS, "maxls": 50, "gtol": TOLERANCE / classes, "ftol": 64 * np.finfo(float).eps},
        )
    result = torch.from_numpy(fitted.x).view(classes, dimension + 1).float()
    return result[:, :-1].contiguous(), result[:, -1].contiguous()


def _piece(
    features: Tensor, labels: Tensor, shares: Tensor, weight: Tensor, bias: Tensor, gradient: tuple[Tensor, Tensor]
) -> Tensor:
    """The weighted loss of some rows; adds its gradient to `gradient`."""
    logits = F.linear(features, weight, bias)
    each = torch.arange(len(labels), device=labels.device)
    own, highest = logits[each, labels], logits.amax(dim=1)
    exponentials = logits.sub_(highest[:, None]).exp_()  # in place: the logits are what takes memory
    total = exponentials.sum(dim=1)
    residuals = exponentials.mul_((shares / total)[:, None])
    residuals[each, labels] -= shares
    gradient[0].addmm_(residuals.T, features)
    gradient[1].add_(residuals.sum(dim=0))
    return ((total.log() + highest - own).double() * shares).sum()
