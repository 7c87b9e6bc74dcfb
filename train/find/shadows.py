"""Shadows: what light leaves out behind a part, soft below a cloudy sky, dark, sharp and long beside a lamp."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageFilter

Rng = np.random.Generator

NONE, HARD = 0.12, 0.45  # shares of scenes without shadows, and with one lamp or the sun
DOUBLINGS = 4  # an outline is swept along in 2 to this power places


@dataclass(frozen=True)
class Light:
    """The light of a scene. `away` (2,): the direction, of length 1, in which shadows fall (right, down). As shares of
    a part's longer side: how far they `reach` and their `blur`. `darkness` in [0, 1]: the light that they take.
    """

    away: npt.NDArray[np.float64]
    reach: float
    blur: float
    darkness: float


def scene_light(rng: Rng) -> Light:
    """A light drawn at random."""
    turn = rng.uniform(0, 2 * np.pi)
    away = np.array([np.cos(turn), np.sin(turn)])
    kind = rng.random()
    if kind < NONE:
        return Light(away, 0.0, 0.05, 0.0)
    if kind < NONE + HARD:
        reach = float(np.exp(rng.uniform(np.log(0.08), np.log(1.2))))
        return Light(away, reach, rng.uniform(0.005, 0.04), rng.uniform(0.25, 0.95))
    return Light(away, rng.uniform(0.02, 0.3), rng.uniform(0.02, 0.12), rng.uniform(0.1, 0.75))


def margins(size: tuple[int, int], light: Light) -> tuple[int, int, int, int]:
    """How many pixels a shadow of a part of `size` may fall beside it: left, above, right, below."""
    side = max(size)
    blurred = round(3 * side * light.blur) + 2
    right, down = (float(value) * side * light.reach for value in light.away)
    return tuple(blurred + round(max(0.0, far)) for far in (-right, -down, right, down))  # type: ignore[return-value]


def shadow(outline: Image.Image, side: float, light: Light) -> npt.NDArray[np.float32]:
    """(h, w) how much of the light the shadow of a part takes, in [0, 1]. `outline`: its alpha with `margins` around
    it ("L"); `side`: its longer side in pixels. The outline is swept away from the light, as far as a part as high as
    that would throw it.
    """
    if not light.darkness:
        return np.zeros((outline.height, outline.width), np.float32)
    swept = outline
    step = light.away * light.reach * side / (2**DOUBLINGS - 1)
    for doubling in range(DOUBLINGS):
        right, down = (float(value) for value in step * 2**doubling)
        moved = swept.transform(swept.size, Image.Transform.AFFINE, (1, 0, -right, 0, 1, -down))
        swept = ImageChops.lighter(swept, moved)
    soft = swept.filter(ImageFilter.GaussianBlur(max(0.5, side * light.blur)))
    return np.asarray(soft, np.float32) * np.float32(light.darkness / 255)
