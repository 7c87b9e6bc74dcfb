"""Where pixels of a training image come from: turns, scale, moves, tilts, mirroring. Drawn as `train.data.draws` says.

Images are float in [0, 1], shape (n, c, s, s).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from torch import Tensor

from train.data.draws import chosen_rows, replaced, uniform

CLOSEST = 2.5  # how much nearer the nearest close-up is
OFF_CENTRE = 0.5  # where a close-up looks: up to this share of the way to where it would leave the picture


@dataclass(frozen=True)
class WarpRange:
    """How far `Warp` may change an image: `scale` from and to (log-uniform, above 1 zooms in), a turn of at most
    `rotation_deg` either way, moves of at most `shift` (a share of the side), width and height stretched against each
    other up to `stretch` times, tilts up to `perspective`. 0, and 1 for `stretch`, change nothing. A share of
    `close_up_p` are close-ups of a piece of the image.
    """

    scale: tuple[float, float]
    rotation_deg: float
    shift: float
    stretch: float = 1.0
    perspective: float = 0.0
    close_up_p: float = 0.0


@dataclass(frozen=True)
class Warp:
    """Turns, scales, stretches, moves and tilts each image by its `matrix` (n, 3, 3), from places in the result to
    those in the image, both in [-1, 1]. No mirroring, see `Flip`.
    """

    matrix: Tensor

    @classmethod
    def draw(cls, n: int, limits: WarpRange, rng: torch.Generator) -> Warp:
        zoom = torch.exp(uniform(n, math.log(limits.scale[0]), math.log(limits.scale[1]), rng))
        squeeze = torch.exp(uniform(n, -math.log(limits.stretch), math.log(limits.stretch), rng) / 2)
        turn = uniform(n, -math.radians(limits.rotation_deg), math.radians(limits.rotation_deg), rng)
        matrix = torch.zeros(n, 3, 3)
        sizes = torch.diag_embed(torch.stack([squeeze, 1 / squeeze], dim=1) / zoom[:, None])
        # The squeeze comes last, along the picture's own axes: photos are squeezed when their file is resized.
        matrix[:, :2, :2] = _rotation(turn) @ sizes
        matrix[:, :2, 2] = (torch.rand(n, 2, generator=rng) * 2 - 1) * 2 * limits.shift
        near = chosen_rows(n, limits.close_up_p, rng) if limits.close_up_p > 0 else torch.zeros(0, dtype=torch.int64)
        nearer = torch.exp(uniform(len(near), 0, math.log(CLOSEST), rng))
        aside = (torch.rand(len(near), 2, generator=rng) * 2 - 1) * OFF_CENTRE
        matrix[near, :2, :2] /= nearer[:, None, None]
        matrix[near, :2, 2] += aside * (1 - 1 / nearer)[:, None]
        matrix[:, 2, :2] = (torch.rand(n, 2, generator=rng) * 2 - 1) * limits.perspective
        matrix[:, 2, 2] = 1
        return cls(matrix)

    def __call__(self, images: Tensor, size: int, padding: str) -> Tensor:
        """The images sampled at `size` pixels. `padding` is grid_sample's: "zeros" or "border"."""
        step = (torch.arange(size, dtype=torch.float32, device=images.device) + 0.5) / size * 2 - 1
        rows, columns = torch.meshgrid(step, step, indexing="ij")
        points = torch.stack([columns, rows, torch.ones_like(rows)], dim=-1).view(1, -1, 3)
        warped = points @ self.matrix.transpose(1, 2)
        grid = (warped[..., :2] / warped[..., 2:].clamp_min(0.2)).view(len(images), size, size, 2)
        return F.grid_sample(shrunk(images, size), grid, mode="bilinear", padding_mode=padding, align_corners=False)


def shrunk(images: Tensor, size: int) -> Tensor:
    """Images at about `size` pixels where they are larger: sampling a larger picture at fewer points aliases."""
    side = int(size * 1.2)
    if images.shape[-1] <= size * 1.2:
        return images
    return F.interpolate(images, size=(side, side), mode="bilinear", antialias=True, align_corners=False)


def _rotation(angle: Tensor) -> Tensor:
    """(n, 2, 2) rotations by `angle` (n,) in radians."""
    return torch.stack([torch.cos(angle), -torch.sin(angle), torch.sin(angle), torch.cos(angle)], dim=1).view(-1, 2, 2)


@dataclass(frozen=True)
class Flip:
    """The images of `rows` (k,) are mirrored, which makes another part of one that has a left and a right hand."""

    rows: Tensor

    @classmethod
    def draw(cls, n: int, share: float, rng: torch.Generator) -> Flip:
        return cls(chosen_rows(n, share, rng) if share > 0 else torch.zeros(0, dtype=torch.int64))

    def __call__(self, images: Tensor) -> Tensor:
        return replaced(images, self.rows, images[self.rows].flip(-1)) if len(self.rows) else images
