"""Gaussian kernels over a joint batch and the two-sample statistics made of them, for MK-MMD and JMMD."""

from __future__ import annotations

import torch
from torch import Tensor


def squared_distances(x: Tensor) -> Tensor:
    """Squared Euclidean distances between all rows, [n, n], never negative.

    By the Gram matrix of centred rows: n^2 numbers instead of the n^2 * d of explicit differences.

    >>> squared_distances(torch.tensor([[0.0, 0.0], [3.0, 4.0]])).tolist()
    [[0.0, 25.0], [25.0, 0.0]]
    """
    x = x - x.mean(0, keepdim=True).detach()
    norms = (x * x).sum(1)
    return (norms[:, None] + norms[None, :] - 2.0 * x @ x.T).clamp_min(0.0)


def gaussian_kernel(x: Tensor, *, alpha: float | None = None, sigma: float | None = None) -> Tensor:
    """exp(-d^2 / (2 s^2)) for all pairs of rows, [n, n], with s = `sigma`, or s^2 = `alpha` * mean d^2 over all n^2
    pairs (detached).

    Rows that are all equal have no scale: the kernel is then 1 everywhere.

    >>> round(gaussian_kernel(torch.tensor([[0.0], [1.0]]), sigma=1.0)[0, 1].item(), 3)  # e^(-1/2)
    0.607
    """
    distances = squared_distances(x)
    if sigma is not None:
        return torch.exp(-distances / (2.0 * sigma**2))
    if alpha is None:
        raise ValueError("a Gaussian kernel needs alpha or sigma")
    scale = (alpha * distances.mean().detach()).clamp_min(torch.finfo(x.dtype).tiny)
    return torch.exp(-distances / (2.0 * scale))


def discrepancy(kernel: Tensor, sources: int, linear: bool) -> Tensor:
    """The maximum mean discrepancy of the first `sources` rows and the others, from the kernel of the joint batch [n
    + m, n + m].

    Quadratic: the unbiased U-statistic over all pairs. Linear: neighbours in the batch only (needs n == m). To either
    tllib adds a constant, 1/(n - 1) + 1/(m - 1), however many kernels are summed; it is kept, so that values compare
    with published logs. It has no gradient, but because of it (and of unbiasedness) equal domains do not give 0. With
    fewer than two rows in a domain: 0.
    """
    targets = len(kernel) - sources
    if sources < 2 or targets < 2:
        return kernel.sum() * 0.0
    constant = 1.0 / (sources - 1) + 1.0 / (targets - 1)
    source, target, cross = kernel[:sources, :sources], kernel[sources:, sources:], kernel[:sources, sources:]
    if linear:
        if sources != targets:
            raise ValueError(
                f"the linear statistic needs equal batches, got {sources} source and {targets} target rows"
            )
        here = torch.arange(sources, device=kernel.device)
        after = (here + 1) % sources
        terms = source[here, after] + target[here, after] - cross[here, after] - cross[after, here]
        return terms.mean() + constant
    within_source = (source.sum() - source.diagonal().sum()) / (sources * (sources - 1))
    within_target = (target.sum() - target.diagonal().sum()) / (targets * (targets - 1))
    return within_source + within_target - 2.0 * cross.mean() + constant
