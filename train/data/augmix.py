"""AugMix: a picture mixed with three chains of random operations on it (Hendrycks et al., ICLR 2020), severity 3.

torchvision's `v2.AugMix` draws from the global generator, which would tie a step's images to all that was drawn before,
and the same operations for a whole batch; so the drawing and mixing are here, the operations are torchvision's. The
paper's consistency loss is left out, as in SynthNet; `fixmatch` and `mic` are of that kind.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from train.data.draws import chosen_rows

type Operation = Callable[[Tensor, float, float], Tensor]

CHAINS = 3
LONGEST = 3  # operations in a chain
SEVERITY = 3.0  # of 10
LEAST = 0.1


@dataclass(frozen=True)
class Chain:
    """Operations one after the other, each (number in OPERATIONS, strength, sign); `weight` in the mixture."""

    weight: float
    operations: tuple[tuple[int, float, float], ...]


@dataclass(frozen=True)
class Mixture:
    """What becomes of one image: `weight_of_image` of itself, the rest of its chains."""

    weight_of_image: float
    chains: tuple[Chain, ...]

    @classmethod
    def draw(cls, rng: torch.Generator) -> Mixture:
        # Exponential shares over their sum are Dirichlet(1, ..., 1); one uniform number is Beta(1, 1).
        parts = -torch.rand(CHAINS, generator=rng).clamp_min(1e-6).log()
        weights: list[float] = (parts / parts.sum()).tolist()
        weight_of_image = float(torch.rand(1, generator=rng))
        chains = []
        for weight in weights:
            length = 1 + int(torch.randint(LONGEST, (1,), generator=rng))
            numbers: list[int] = torch.randint(len(OPERATIONS), (length,), generator=rng).tolist()
            operations = []
            for number in numbers:
                level, sign = torch.rand(2, generator=rng).tolist()
                operations.append((number, (LEAST + level * (SEVERITY - LEAST)) / 10, 1.0 if sign < 0.5 else -1.0))
            chains.append(Chain(weight, tuple(operations)))
        return cls(weight_of_image, tuple(chains))

    def __call__(self, image: Tensor) -> Tensor:
        mixture = torch.zeros_like(image)
        for chain in self.chains:
            changed = image
            for number, strength, sign in chain.operations:
                changed = OPERATIONS[number](changed, strength, sign)
            mixture = mixture + chain.weight * changed
        return (self.weight_of_image * image + (1 - self.weight_of_image) * mixture).clamp(0, 1)


@dataclass(frozen=True)
class AugMix:
    """Some of the images (n, 3, s, s) in [0, 1], those of `rows`, each with its own chains and weights; on the images'
    device, image by image.
    """

    rows: tuple[int, ...]
    mixtures: tuple[Mixture, ...]

    @classmethod
    def draw(cls, n: int, share: float, rng: torch.Generator) -> AugMix:
        if share <= 0:
            return cls((), ())
        rows = chosen_rows(n, share, rng).tolist()
        return cls(tuple(rows), tuple(Mixture.draw(rng) for _ in rows))

    def __call__(self, images: Tensor) -> Tensor:
        if not self.rows:
            return images
        result = images.clone()
        for row, mixture in zip(self.rows, self.mixtures, strict=True):
            result[row] = mixture(images[row])
        return result


def _autocontrast(image: Tensor, strength: float, sign: float) -> Tensor:
    from torchvision.transforms.v2 import functional

    return functional.autocontrast(image)  # type: ignore[no-any-return]


def _equalize(image: Tensor, strength: float, sign: float) -> Tensor:
    from torchvision.transforms.v2 import functional

    return functional.equalize(image)  # type: ignore[no-any-return]


def _posterize(image: Tensor, strength: float, sign: float) -> Tensor:
    from torchvision.transforms.v2 import functional

    return functional.posterize(image, bits=4 - int(4 * strength))  # type: ignore[no-any-return]


def _solarize(image: Tensor, strength: float, sign: float) -> Tensor:
    from torchvision.transforms.v2 import functional

    return functional.solarize(image, threshold=1 - strength)  # type: ignore[no-any-return]


def _affine(
    image: Tensor, angle: float = 0.0, move: tuple[float, float] = (0.0, 0.0), shear: list[float] | None = None
) -> Tensor:
    from torchvision.transforms.v2 import InterpolationMode, functional

    return functional.affine(  # type: ignore[no-any-return]
        image,
        angle=angle,
        translate=[round(part * image.shape[-1]) for part in move],
        scale=1.0,
        shear=shear or [0.0, 0.0],
        interpolation=InterpolationMode.BILINEAR,
    )


def _degrees(slope: float) -> float:
    return math.degrees(math.atan(slope))


OPERATIONS: tuple[Operation, ...] = (
    _autocontrast,
    _equalize,
    _posterize,
    _solarize,
    lambda image, strength, sign: _affine(image, angle=sign * 30 * strength),
    lambda image, strength, sign: _affine(image, shear=[_degrees(sign * 0.3 * strength), 0.0]),
    lambda image, strength, sign: _affine(image, shear=[0.0, _degrees(sign * 0.3 * strength)]),
    lambda image, strength, sign: _affine(image, move=(sign * strength / 3, 0.0)),
    lambda image, strength, sign: _affine(image, move=(0.0, sign * strength / 3)),
)
"""Those of the paper, which keeps out what the test corruptions of its benchmark are made of; none mirrors."""
