"""What stands behind a rendered part in a training image: colours, gradients, corners and pieces of photos. Drawn as
`train.data.draws` says.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from torch import Tensor

from train.augment_params import BackgroundParams
from train.data.draws import replaced, smooth_field

UInt8 = npt.NDArray[np.uint8]
COLOUR, GRADIENT, CORNER, PIECE = range(4)
CELLS = 6  # of a gradient's coarse numbers, along each side


@dataclass(frozen=True)
class Piece:
    """A square of a photo, `pixels` (3, k, k) uint8, turned by `turn` quarters."""

    pixels: Tensor
    turn: int

    def at(self, size: int) -> Tensor:
        """As float in [0, 1], (1, 3, size, size)."""
        upright = torch.rot90(self.pixels[None].float() / 255, self.turn, (2, 3))
        return F.interpolate(upright, size=(size, size), mode="bilinear", antialias=True, align_corners=False)


@dataclass(frozen=True)
class Background:
    """`colour` (n, 3, 1, 1) for each image; on those of `gradient_rows` (g,) a smooth field made of `coarse`
    (g, 3, 6, 6) times `strength` (g, 1, 1, 1) on top; those of `corner_rows` (c,) show enlarged corners of photos,
    `corners` (c, 3, k, k) uint8, and those of `piece_rows` (p,) the p `pieces`.
    """

    colour: Tensor
    gradient_rows: Tensor
    coarse: Tensor
    strength: Tensor
    corner_rows: Tensor
    corners: Tensor
    piece_rows: Tensor
    pieces: tuple[Piece, ...]

    @classmethod
    def draw(
        cls,
        n: int,
        params: BackgroundParams,
        target: UInt8 | None,
        rng: torch.Generator,
        background_photos: UInt8 | None = None,
    ) -> Background:
        """For n images, out of unlabelled photos `target` (m, 3, s, s) and the user's own `background_photos`
        (k, 3, s, s), where there are any.
        """
        has_target = target is not None and len(target) > 0
        has_photos = background_photos is not None and len(background_photos) > 0
        shares = torch.tensor([params.colour, params.gradient, params.target if has_target else 0.0])
        if has_photos:
            shares = torch.cat([shares, torch.tensor([params.photos])])
        if shares.sum() <= 0:
            shares[COLOUR] = 1.0
        kind = torch.multinomial(shares, n, replacement=True, generator=rng)
        gradients, in_corners, in_pieces = (
            (kind == number).nonzero().flatten() for number in (GRADIENT, CORNER, PIECE)
        )
        colour = _colours(n, rng)
        coarse = torch.rand(n, 3, CELLS, CELLS, generator=rng)
        strength = torch.rand(n, 1, 1, 1, generator=rng)
        corners = torch.zeros(0, 3, 1, 1, dtype=torch.uint8)
        pieces: tuple[Piece, ...] = ()
        if target is not None and shares[CORNER] > 0:
            corners = _corners(n, target, in_corners, rng)
        if background_photos is not None and len(shares) > PIECE and shares[PIECE] > 0:
            pieces = _pieces(n, background_photos, in_pieces, rng)
        return cls(colour, gradients, coarse[gradients], strength[gradients], in_corners, corners, in_pieces, pieces)

    def __call__(self, size: int) -> Tensor:
        """The pictures (n, 3, size, size) in [0, 1]."""
        result = self.colour.expand(len(self.colour), 3, size, size)
        if len(self.gradient_rows):
            wave = (smooth_field(self.coarse, size) - 0.5) * self.strength
            result = replaced(result, self.gradient_rows, (self.colour[self.gradient_rows] + wave).clamp(0, 1))
        if len(self.corner_rows):
            corners = F.interpolate(self.corners.float() / 255, size=(size, size), mode="bilinear", align_corners=False)
            result = replaced(result, self.corner_rows, corners)
        if len(self.piece_rows):
            result = replaced(result, self.piece_rows, torch.cat([piece.at(size) for piece in self.pieces]))
        return result


def _colours(n: int, rng: torch.Generator) -> Tensor:
    """(n, 3, 1, 1). Most benches, papers and light tables are near grey: half of the colours are."""
    colour = torch.rand(n, 3, 1, 1, generator=rng)
    grey = colour.mean(1, keepdim=True) + (colour - colour.mean(1, keepdim=True)) * 0.15
    grey = grey + (torch.randint(-1, 2, (n, 1, 1, 1), generator=rng).float() * 0.45)
    return torch.where(torch.rand(n, 1, 1, 1, generator=rng) < 0.5, grey.clamp(0, 1), colour)


def _corners(n: int, target: UInt8, wanted: Tensor, rng: torch.Generator) -> Tensor:
    """Corners (c, 3, k, k) of random photos: the surface that parts lie on, mostly without the part. Numbers are drawn
    for all n images, pixels are read for those `wanted` (c,).
    """
    rows = torch.randint(len(target), (n,), generator=rng)[wanted].tolist()
    places = torch.randint(2, (n, 2), generator=rng)[wanted].tolist()
    full = target.shape[-1]
    side = max(4, full // 5)
    corners = np.empty((len(rows), 3, side, side), dtype=np.uint8)
    for number, (row, (down, right)) in enumerate(zip(rows, places, strict=True)):
        top, left = down * (full - side), right * (full - side)
        corners[number] = target[row, :, top : top + side, left : left + side]
    return torch.from_numpy(corners)


def _pieces(n: int, background_photos: UInt8, wanted: Tensor, rng: torch.Generator) -> tuple[Piece, ...]:
    """Squares of random photos, turned by quarters, half their side or more."""
    rows = torch.randint(len(background_photos), (n,), generator=rng).tolist()
    turns = torch.randint(4, (n,), generator=rng).tolist()
    full = background_photos.shape[-1]
    sides = torch.randint((full + 1) // 2, full + 1, (n,), generator=rng).tolist()
    places = torch.rand(n, 2, generator=rng).tolist()
    pieces = []
    for number in wanted.tolist():
        side, (down, right) = sides[number], places[number]
        top, left = int(down * (full - side + 1)), int(right * (full - side + 1))
        pixels = background_photos[rows[number], :, top : top + side, left : left + side]
        pieces.append(Piece(torch.from_numpy(np.ascontiguousarray(pixels)), turns[number]))
    return tuple(pieces)
