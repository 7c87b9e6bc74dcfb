"""What a phone does with the light: exposure, blur, noise, white balance, tone curve, sharpening, JPEG with EXIF."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import ExifTags, Image
from scipy import ndimage

Pixels = NDArray[np.float32]

LARGEST_BYTES = 66_000


@dataclass(frozen=True)
class Development:
    """How one photo is developed.

    `exposure_ev` in stops; `defocus_px`, `shake_px` and `shake_angle` (radians) of the blur; `noise` is the standard
    deviation at white; `warmth` and `tint` shift red against blue, and green; `quality` is JPEG's.
    """

    exposure_ev: float
    defocus_px: float
    shake_px: float
    shake_angle: float
    noise: float
    warmth: float
    tint: float
    contrast: float
    sharpening: float
    quality: int
    seed: int


def draw_development(rng: Generator) -> Development:
    return Development(
        exposure_ev=float(np.clip(rng.normal(0.0, 0.35), -0.8, 0.6)),
        defocus_px=float(abs(rng.normal(0.3, 0.35))),
        shake_px=float(rng.uniform(1.5, 5.0)) if rng.random() < 0.3 else 0.0,
        shake_angle=float(rng.uniform(0, np.pi)),
        noise=float(min(np.exp(rng.normal(np.log(0.012), 0.5)), 0.03)),
        warmth=float(rng.normal(0.02, 0.07)),
        tint=float(rng.normal(0.0, 0.02)),
        contrast=float(rng.uniform(0.9, 1.2)),
        sharpening=float(rng.uniform(0.2, 0.8)),
        quality=int(rng.integers(82, 91)),
        seed=int(rng.integers(2**31)),
    )


def _expose(light: Pixels, exposure_ev: float, box: tuple[int, int, int, int]) -> Pixels:
    """Scales the light as a phone meters: the frame's middle tones, with weight on what was tapped (the part)."""
    brightness = light.mean(axis=2)
    x_min, y_min, x_max, y_max = box
    frame = float(np.exp(np.log(brightness + 1e-6).mean()))
    part = float(np.median(brightness[y_min:y_max, x_min:x_max]))
    exposed: Pixels = light * np.float32(0.2 * 2.0**exposure_ev / max(frame**0.65 * part**0.35, 1e-6))
    return exposed


def _shake(light: Pixels, length: float, angle: float) -> Pixels:
    """Averages the picture along a short straight path of the hand (`length` in pixels)."""
    steps = np.linspace(-length / 2, length / 2, max(2, int(np.ceil(length)) + 1))
    moved = [ndimage.shift(light, (s * np.sin(angle), s * np.cos(angle), 0), order=1, mode="nearest") for s in steps]
    blurred: Pixels = np.mean(moved, axis=0)
    return blurred


def _tone(light: Pixels, contrast: float) -> Pixels:
    """Rolls highlights off, adds contrast about middle grey and encodes as sRGB, 0 to 1."""
    rolled = np.where(light < 0.6, light, 0.6 + 0.4 * (1.0 - np.exp(-(light - 0.6) / 0.4)))
    encoded = np.where(rolled < 0.0031308, 12.92 * rolled, 1.055 * np.maximum(rolled, 1e-6) ** (1 / 2.4) - 0.055)
    curved: Pixels = np.clip(0.46 + (encoded - 0.46) * contrast, 0.0, 1.0).astype(np.float32)
    return curved


def develop(light: Pixels, plan: Development, box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """Linear light (height, width, 3) to an 8-bit picture of the same size."""
    rng = np.random.default_rng(plan.seed)
    height, width, _ = light.shape
    image = _expose(light, plan.exposure_ev, box)
    rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    image = image * (1.0 - 0.16 * (rows**2 + columns**2) / 2).astype(np.float32)[..., None]
    if plan.shake_px:
        image = _shake(image, plan.shake_px, plan.shake_angle)
    image = ndimage.gaussian_filter(image, (plan.defocus_px, plan.defocus_px, 0))
    gains = np.array([1 + plan.warmth, 1 + plan.tint, 1 - plan.warmth], dtype=np.float32)
    image = np.clip(image * gains, 0, None)
    # Shot noise grows with the root of the light; a phone's noise reduction leaves it soft-grained.
    grain = ndimage.gaussian_filter(rng.normal(size=image.shape), (0.6, 0.6, 0)) * 2.2
    image = np.clip(image + grain * plan.noise * np.sqrt(image + 0.01), 0, None).astype(np.float32)
    toned = _tone(image, plan.contrast)
    sharp = toned + plan.sharpening * (toned - ndimage.gaussian_filter(toned, (1.2, 1.2, 0)))
    return np.asarray(np.clip(sharp, 0, 1) * 255 + 0.5, dtype=np.uint8)


def encode(picture: NDArray[np.uint8], plan: Development, orientation: int) -> bytes:
    """JPEG bytes, stored turned as `orientation` (EXIF; 0 writes no tag) says. The EXIF text says what this is."""
    quarter_turns = {0: 0, 1: 0, 6: 1, 3: 2, 8: 3}[orientation]
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = "Simulated photo: rendered with Blender, not a real photograph"
    exif[ExifTags.Base.Software] = "cad2real tools/make_photos.py"
    if orientation:
        exif[ExifTags.Base.Orientation] = orientation
    stored = Image.fromarray(np.rot90(picture, quarter_turns))
    for quality in range(plan.quality, 59, -4):
        file = io.BytesIO()
        stored.save(file, "JPEG", quality=quality, subsampling="4:2:0", optimize=True, exif=exif)
        if file.tell() <= LARGEST_BYTES:
            break
    return file.getvalue()
