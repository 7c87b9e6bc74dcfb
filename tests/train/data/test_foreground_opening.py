"""The opening that photos are cropped by is scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from train.data.foreground import opened


@pytest.mark.parametrize("share", [0.05, 0.5, 0.8, 0.97, 1.0])
@pytest.mark.parametrize("shape", [(128, 128), (3, 5), (1, 1), (2, 40)])
def test_it_is_scipys(shape: tuple[int, int], share: float) -> None:
    mask = np.random.default_rng(0).random(shape) < share
    assert np.array_equal(opened(mask), ndimage.binary_opening(mask))
