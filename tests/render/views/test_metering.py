"""The camera's meter: light is read off a picture, dark parts get more exposure within limits, bright ones none."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from render.views.metering import LEAST, MOST, least_light, light_of, stops


def shown(light: float) -> int:
    """What Khronos PBR Neutral and sRGB make of grey `light`: 0 to 255."""
    display = light - (light - 6.25 * light**2 if light < 0.08 else 0.04)
    srgb = 12.92 * display if display <= 0.0031308 else 1.055 * display ** (1 / 2.4) - 0.055
    return round(srgb * 255)


def grey(value: int, alpha: int = 255) -> NDArray[np.uint8]:
    picture = np.full((6, 4, 4), value, np.uint8)
    picture[..., 3] = alpha
    return picture


@pytest.mark.parametrize("light", [0.02, 0.05, 0.079, 0.081, 0.2, 0.7])
def test_light_is_read_back_through_the_view_transform(light: float) -> None:
    assert light_of(grey(shown(light))) == pytest.approx(light, rel=0.05)


def test_only_the_part_is_metered() -> None:
    picture = grey(shown(0.2))
    picture[:3] = 255
    picture[:3, :, 3] = 0
    assert light_of(picture) == pytest.approx(0.2, rel=0.05)
    assert light_of(grey(255, alpha=0)) == 0.0


def test_dark_parts_get_more_exposure_within_limits_and_bright_ones_none() -> None:
    assert stops(0.3, 0.1) == stops(0.1, 0.1) == 0
    assert stops(0.025, 0.1) == 2
    assert stops(0.0, 0.1) == stops(1e-4, 0.1) == np.log2(MOST)


def test_each_view_has_its_own_least_light() -> None:
    drawn = [least_light(0, "bolt", view) for view in range(200)]
    assert min(drawn) >= LEAST[0]
    assert max(drawn) <= LEAST[1]
    assert max(drawn) / min(drawn) > 0.9 * LEAST[1] / LEAST[0]
    assert drawn[7] == least_light(0, "bolt", 7) != least_light(0, "nut", 7)
