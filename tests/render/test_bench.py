"""The benchmark's measure of quality."""

from __future__ import annotations

import numpy as np
import pytest

from render.bench import psnr


def test_psnr_of_the_frame_and_of_the_part() -> None:
    reference = np.zeros((10, 10, 4), np.uint8)
    reference[:5] = (100, 100, 100, 255)
    off = reference.copy()
    off[:5, :, :3] += 51  # a fifth of the range, on half of the frame
    full, part = psnr(off, reference)
    assert part == pytest.approx(20 * np.log10(5), abs=0.01)
    assert full == pytest.approx(part + 10 * np.log10(2), abs=0.01)


def test_pixels_nobody_sees_do_not_count() -> None:
    reference = np.zeros((4, 4, 4), np.uint8)
    reference[0] = (10, 20, 30, 255)
    hidden = reference.copy()
    hidden[2:, :, :3] = 255  # under alpha 0
    assert psnr(hidden, reference)[0] >= 100
