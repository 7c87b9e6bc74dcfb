"""Linear light to display colours, through the same view transform as everything that is rendered."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray
from PIL import Image


def apply_view_transform(scene: bpy.types.Scene, radiance: NDArray[np.float32], scratch: Path) -> NDArray[np.uint8]:
    """(h, w, 3) linear `radiance`, first row on top, as `scene` would show it: (h, w, 3) sRGB bytes."""
    height, width = radiance.shape[:2]
    image = bpy.data.images.new("light", width, height, float_buffer=True)
    rows = np.ones((height, width, 4), np.float32)
    rows[..., :3] = np.flipud(radiance)
    image.pixels.foreach_set(rows.ravel())
    image.save_render(str(scratch), scene=scene)
    bpy.data.images.remove(image)
    with Image.open(scratch) as picture:
        return np.asarray(picture.convert("RGB"))
