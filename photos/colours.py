"""Colours as the photo's own profile means them, as sRGB: phones and cameras write wider colour spaces."""

from __future__ import annotations

import io
from functools import lru_cache

from PIL import Image, ImageCms

LARGEST_PROFILE = 4_000_000


def to_srgb(image: Image.Image, profile: object) -> Image.Image:
    """`image` (RGB or CMYK) as sRGB by the ICC `profile` that its file holds; as it is, where there is none or where it
    cannot be used.
    """
    if not isinstance(profile, bytes) or not 0 < len(profile) <= LARGEST_PROFILE:
        return image
    transform = _transform(profile, image.mode)
    if transform is None:
        return image
    return ImageCms.applyTransform(image, transform) or image


@lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(own).lower():
            return None
        return ImageCms.buildTransform(own, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):  # a profile of another kind, or a damaged one
        return None
