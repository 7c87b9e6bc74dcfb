"""Draws the picture of docs/how-to/segment.md: photos, their true masks, and the masks of two or more segmentations.

    PYTHONPATH=. python tools/segment_pictures.py --photos data/photos --masks data/photo_masks.json --out PNG DIR DIR

Every so many photos of those with masks is shown, a column each; the first row is the photo, the second its true mask,
the others one segmentation each.
"""

from __future__ import annotations

import argparse
import colorsys
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from photos.opening import open_photo
from train.segment.coco import read_masks
from train.segment.model import Segmenter

COLUMNS, SIDE, GAP, QUALITY = 8, 120, 2, 85
OPACITY = 0.65


def hue(number: int, classes: int) -> tuple[float, ...]:
    """A colour of its own for each class but what is no part: on grey photos the palette's grey could not be seen."""
    return tuple(255 * value for value in colorsys.hsv_to_rgb((number - 1) / (classes - 1), 1 - 0.4 * (number % 2), 1))


def coloured(photo: Image.Image, classes: npt.NDArray[np.integer], count: int) -> Image.Image:
    """The photo in grey with the colours of its classes, of which there are `count`, over it."""
    colours = np.array([(0.0, 0.0, 0.0), *(hue(number, count) for number in range(1, count))], np.float32)
    grey = np.asarray(ImageOps.grayscale(photo).convert("RGB"), np.float32)
    shown = np.maximum(classes, 0)
    over = grey * (1 - OPACITY) + colours[shown] * OPACITY
    return Image.fromarray(np.clip(np.where(shown[..., None] > 0, over, grey), 0, 255).astype(np.uint8))


def main() -> int:
    parser = argparse.ArgumentParser(description="Draws the picture of docs/how-to/segment.md.")
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--masks", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("models", type=Path, nargs="+")
    arguments = parser.parse_args()
    given, segmenters = read_masks(arguments.masks), [Segmenter.load(folder) for folder in arguments.models]
    names = sorted(given.photos)
    names = names[len(names) // COLUMNS // 2 :: len(names) // COLUMNS][:COLUMNS]
    rows = 2 + len(segmenters)
    sheet = Image.new("RGB", (COLUMNS * (SIDE + GAP) - GAP, rows * (SIDE + GAP) - GAP), "white")
    for column, name in enumerate(names):
        with open_photo(arguments.photos / name) as opened:
            photo = opened.read()
        count = len(segmenters[0].classes.names)
        maps = [given.class_map(name, segmenters[0].classes), *(one.segment(photo) for one in segmenters)]
        shown = [photo, *(coloured(photo, found, count) for found in maps)]
        for row, picture in enumerate(shown):
            fitted = ImageOps.fit(picture, (SIDE, SIDE), Image.Resampling.LANCZOS)
            sheet.paste(fitted, (column * (SIDE + GAP), row * (SIDE + GAP)))
    sheet.save(arguments.out, quality=QUALITY)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
