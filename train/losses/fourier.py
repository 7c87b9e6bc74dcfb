"""FDA: Yang & Soatto 2020, "FDA: Fourier Domain Adaptation for Semantic Segmentation" (CVPR)."""

from __future__ import annotations

import torch
from torch import Tensor

from train.losses.precision import in_float32


@in_float32
def swap_low_frequencies(source: Tensor, target: Tensor, beta: float = 0.01) -> Tensor:
    """Source images with the target's style: the low frequencies' amplitudes are the target's, the phases stay the
    source's.

    Images [n, channels, height, width] in [0, 1], the n-th source gets the n-th target's amplitudes (shapes must be
    equal). The square that is swapped reaches floor(beta * shorter side) frequencies from the centre (the paper: beta
    .01 to .09; 0 swaps the mean colour only). Clamped to [0, 1]: amplitudes and phases of two images can leave it.

    >>> dark, bright = torch.full((1, 3, 8, 8), 0.25), torch.full((1, 3, 8, 8), 0.75)
    >>> round(swap_low_frequencies(dark, bright, beta=0.0).mean().item(), 3)
    0.75
    """
    if source.shape != target.shape:
        raise ValueError(
            f"source {tuple(source.shape)} and target {tuple(target.shape)} images must have the same shape"
        )
    height, width = source.shape[-2:]
    reach = int(beta * min(height, width))
    # Frequencies in fft order: 0, 1, ..., -2, -1. Low ones lie at both ends, so no shift is needed.
    rows = torch.fft.fftfreq(height, 1.0 / height, device=source.device).abs() <= reach
    columns = torch.fft.fftfreq(width, 1.0 / width, device=source.device).abs() <= reach
    low = rows[:, None] & columns[None, :]
    spectrum, style = torch.fft.fft2(source), torch.fft.fft2(target)
    amplitude = torch.where(low, style.abs(), spectrum.abs())
    swapped: Tensor = torch.fft.ifft2(torch.polar(amplitude, spectrum.angle())).real.clamp(0.0, 1.0)
    return swapped
