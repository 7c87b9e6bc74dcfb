"""What a phone makes of a scene: defocus, exposure, white balance, contrast, noise, few pixels, JPEG."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

Picture = npt.NDArray[np.floating]
Rng = np.random.Generator

BLUR_SHARE, SMALL_SHARE, JPEG_SHARE, GREY_SHARE = 0.3, 0.25, 0.5, 0.07


def photographed(scene: Picture, rng: Rng) -> npt.NDArray[np.uint8]:
    """The scene (s, s, 3) in [0, 1] as a phone would store it, (s, s, 3) uint8."""
    size = len(scene)
    balance = np.exp(rng.uniform(-0.15, 0.15, 3)) * np.exp(rng.uniform(-0.5, 0.4))
    lit = np.clip(scene * balance, 1e-4, 1) ** np.exp(rng.uniform(-0.35, 0.35))
    mean = lit.mean(axis=(0, 1), keepdims=True)
    lit = mean + (lit - mean) * np.exp(rng.uniform(-0.35, 0.35))
    grey = lit.mean(axis=2, keepdims=True)
    lit = grey + (lit - grey) * (0.0 if rng.random() < GREY_SHARE else np.exp(rng.uniform(-0.5, 0.4)))
    picture = Image.fromarray((np.clip(lit, 0, 1) * 255).astype(np.uint8))
    if rng.random() < BLUR_SHARE:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.5) * size / 256))
    if rng.random() < SMALL_SHARE:
        small = int(size * rng.uniform(0.4, 0.8))
        picture = picture.resize((small, small), Image.Resampling.BILINEAR)
        picture = picture.resize((size, size), Image.Resampling.BICUBIC)
    pixels = np.asarray(picture, np.float32)
    noisy = pixels + rng.standard_normal(pixels.shape, dtype=np.float32) * rng.uniform(0, 10) ** 2 / 10
    stored = np.clip(noisy, 0, 255).astype(np.uint8)
    if rng.random() < JPEG_SHARE:
        file = io.BytesIO()
        Image.fromarray(stored).save(file, "JPEG", quality=int(rng.integers(30, 95)))
        stored = np.array(Image.open(file))
    return stored
