"""Decoded pictures of any mode to 8-bit RGB, in strips where they are large, so that one photo takes little more memory
than its decoder needs.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from cad2real.errors import UserError
from photos.colours import to_srgb

LARGE_BYTES = 256_000_000
"""A picture that takes more once decoded is turned into RGB strip by strip, and has no other such beside it."""
STRIP_ROWS = 256
BYTES_PER_PIXEL = {"1": 1, "L": 1, "P": 1, "I;16": 2}
"""As Pillow holds them; all other modes take four."""


def decoded_bytes(image: Image.Image) -> int:
    """Bytes that `image`, which need not be decoded yet, takes in memory in its own mode."""
    return image.width * image.height * BYTES_PER_PIXEL.get(image.mode, 4)


def to_rgb(image: Image.Image, share: float = 1.0) -> Image.Image:
    """`image` as RGB: transparency on white, as cut-outs are shown; 16-bit grey by its upper eight bits; CMYK
    by its profile.

    A large one comes out smaller, but not below `share` of its size in (0, 1]. Raises UserError for floating-point
    values.

    >>> cut_out = Image.new("RGBA", (2, 2), (255, 0, 0, 0))
    >>> to_rgb(cut_out).getpixel((0, 0))
    (255, 255, 255)
    """
    if image.mode == "F":
        raise UserError("holds floating-point values, not a photo.", "Export it as an 8-bit JPEG or PNG.")
    if decoded_bytes(image) <= LARGE_BYTES:
        return _converted(image)
    factor = max(1, int(1 / share))
    if _is_rgb(image):
        return image.reduce(factor) if factor > 1 else image
    small = Image.new("RGB", (-(-image.width // factor), -(-image.height // factor)))
    step = max(1, STRIP_ROWS // factor) * factor
    for top in range(0, image.height, step):
        strip = image.crop((0, top, image.width, min(top + step, image.height)))
        # A palette image's crop forgets which colour is transparent.
        strip.info = image.info
        rgb = _converted(strip)
        small.paste(rgb.reduce(factor) if factor > 1 else rgb, (0, top // factor))
    return small


def _is_rgb(image: Image.Image) -> bool:
    return image.mode == "RGB" and "transparency" not in image.info


def _converted(image: Image.Image) -> Image.Image:
    if _is_rgb(image):
        return image
    if image.mode.startswith("I"):
        values = np.clip(np.asarray(image).astype(np.int64) >> 8, 0, 255)
        return Image.fromarray(values.astype(np.uint8), "L").convert("RGB")
    if image.mode == "CMYK":
        return to_srgb(image, image.info.get("icc_profile")).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")
