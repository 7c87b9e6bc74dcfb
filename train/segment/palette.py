"""Classes as colours: masks are PNG files of one byte a pixel, its class, with a palette to look at them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image


def palette(classes: int = 256) -> npt.NDArray[np.uint8]:
    """The colours (classes, 3) of PASCAL VOC's masks: black for class 0, neighbours far apart.

    >>> palette(3).tolist()
    [[0, 0, 0], [128, 0, 0], [0, 128, 0]]
    """
    numbers = np.arange(classes)[:, None]
    colours = np.zeros((classes, 3), np.int64)
    for bit in range(8):
        # The lowest three bits of what is left of the number are the next bit of red, green and blue.
        colours |= ((numbers >> np.arange(3) + 3 * bit) & 1) << (7 - bit)
    return colours.astype(np.uint8)


def mask_image(class_map: npt.NDArray[np.uint8]) -> Image.Image:
    """The class map (h, w) as a picture with a palette."""
    picture = Image.frombytes("P", (class_map.shape[1], class_map.shape[0]), np.ascontiguousarray(class_map).tobytes())
    picture.putpalette(palette().tobytes())
    return picture
