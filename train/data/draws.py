"""Random numbers of a batch of images, and the images that a change is drawn for.

Every random change of images is a dataclass: `draw` makes its numbers on the CPU, by a generator, and calling it
changes images on the device that holds both (`train.compute.copies.moved` takes a tree of them there in one copy). So
numbers are the same on every device, and nothing is asked of a GPU before all is known. Since they are known on the
CPU, a change that is drawn for few images is computed for these only.
"""

from __future__ import annotations

import torch
from torch import Tensor


def uniform(n: int, low: float, high: float, rng: torch.Generator) -> Tensor:
    """(n,) numbers drawn evenly from [low, high)."""
    return torch.rand(n, generator=rng) * (high - low) + low


def chosen_rows(n: int, share: float, rng: torch.Generator) -> Tensor:
    """Which of n images get a change, each with probability `share`: (k,) int64, ascending."""
    return (torch.rand(n, generator=rng) < share).nonzero().flatten()


def replaced(images: Tensor, rows: Tensor, changed: Tensor) -> Tensor:
    """A copy of images (n, ...) in which those of `rows` (k,) are `changed` (k, ...)."""
    return images.index_copy(0, rows, changed)


def smooth_field(coarse: Tensor, size: int) -> Tensor:
    """Random numbers (n, c, k, k) in [0, 1] as smooth fields (n, c, size, size) in [0, 1]."""
    fine = torch.nn.functional.interpolate(coarse, size=(size, size), mode="bicubic", align_corners=False)
    return fine.clamp_(0, 1)
