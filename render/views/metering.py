"""A camera meters: where little light comes off the part, the exposure is raised, within limits, as phones do.

Environment maps are brought to one exposure for a grey part that is lit from all around (`environment_maps`), as with a
light meter at the part. That is right for most views. But a view from below may face the dark half of a room, and bare
metal shows nothing but its surroundings, so some came out as silhouettes. A camera looks at the part itself: a view
whose part is darker than `least_light` is exposed until it is as bright as that, or until MOST. Brighter ones are left
as they are: black plastic is to stay darker than grey plastic, and white paper white.

Metering needs no second picture: light is linear, so the rendered film is only shown again with more exposure. Its mean
is read off the picture, through the inverse of the view transform.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from render.materials.colors import linear
from render.seeds import stream

LEAST = (0.045, 0.1)
"""Range from which each view's least light is drawn: with the view transform below, sRGB 29 to 69 of 255. Matte black
plastic, lit as a grey part is, gives 0.02 to 0.03."""
MOST = 16.0
"""Largest factor: four stops."""
TOE, BASE = 0.08, 0.04
"""Of Khronos PBR Neutral: what the least channel x loses is x - x^2 / (2 TOE) below TOE, and BASE above."""

LINEAR = np.array([linear(value / 255) for value in range(256)], np.float32)


def least_light(seed: int, part_id: str, view: int) -> float:
    """The mean light (linear, 1: white) below which a camera raises its exposure in this view."""
    low, high = LEAST
    share = float(stream(seed, part_id, view, "metering").random())
    return math.exp(math.log(low) + share * math.log(high / low))


def light_of(picture: NDArray[np.uint8]) -> float:
    """The mean light (linear) that came off what `picture` (h, w, 4; RGBA, straight alpha) shows; 0 for nothing."""
    alpha = picture[..., 3].astype(np.float32)
    total = float(alpha.sum())
    if total == 0:
        return 0.0
    shown = LINEAR[picture[..., :3]]
    least = shown.min(axis=2)
    # The view transform takes the same from all three channels: 6.25 x^2 is left of the least one below the toe.
    before = np.where(least < TOE - BASE, np.sqrt(least * (2 * TOE)), least + BASE)
    return float(((shown.mean(axis=2) + before - least) * alpha).sum() / total)


def stops(light: float, least: float) -> float:
    """How many stops more exposure a part needs that gives `light`, when it should give `least`: 0 to log2(MOST), in
    thirds, as cameras do. (Blender keeps 3 MB for each exposure that it ever showed, so they are to be few.)

    >>> stops(0.2, 0.1), stops(0.05, 0.1), round(stops(0.03, 0.1), 2), stops(0.0, 0.1)
    (0.0, 1.0, 2.0, 4.0)
    """
    needed = math.log2(min(max(least / max(light, 1e-6), 1.0), MOST))
    return math.ceil(3 * needed - 1e-6) / 3
