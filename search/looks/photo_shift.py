"""From the embedding of a photo to what it would be among renders, which heads are fitted on.

Photos are standardised by their own mean and spread. So what they all have in common is taken away: where all parts are
red, no embedding of a photo says so. Both domains' statistics are known, and so is the way back, up to the length that
an embedding has lost: one number for all photos.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from search.looks.heads import Shift
from search.ranking import Floats

if TYPE_CHECKING:
    from search.model.embedding import Embedder

MOST_PHOTOS = 64
LENGTHS = np.geomspace(0.05, 2.0, 60)  # of an embedding before it was made 1 long, by the root of its dimensions


def photo_shift(model: Embedder, squares: Sequence[Path]) -> Shift | None:
    """The way back for the embeddings of photos by `model`, its one number by these `squares`; None where both domains
    have the same statistics, or there are no photos.
    """
    from train.data.evenly import evenly
    from train.data.foreground import zoom_to_part
    from train.data.image_cache import to_array
    from train.model import Model

    if not isinstance(model, Model) or not len(squares):
        return None
    norm = model.network.norm
    if norm.target_statistics != "own":
        return None
    domains = (norm.source, norm.target)
    statistics = [{name: value.cpu().numpy() for name, value in one.named_buffers()} for one in domains]
    means = [one["running_mean"] for one in statistics]
    spreads = [np.sqrt(one["running_var"] + np.float32(norm.source.eps)) for one in statistics]
    scale, offset = spreads[1] / spreads[0], (means[1] - means[0]) / spreads[0]
    some = [squares[row] for row in evenly(np.arange(len(squares)), MOST_PHOTOS)]
    pixels = np.stack([to_array(zoom_to_part(_square(path)), model.image_size, "RGB") for path in some])
    photos, renders = model.embed_pixels(pixels, "target"), model.embed_pixels(pixels, "source")
    return best_length(photos, renders, scale, offset)


def best_length(photos: Floats, renders: Floats, scale: npt.ArrayLike, offset: npt.ArrayLike) -> Shift:
    """The shift by `scale` and `offset` (d,) with which photos (n, d) come nearest to `renders` (n, d), the same
    pictures standardised as renders are.
    """
    by, to = np.asarray(scale, np.float32), np.asarray(offset, np.float32)
    shifts = [Shift(by * np.float32(length * len(by) ** 0.5), to) for length in LENGTHS]
    return max(shifts, key=lambda shift: float((shift.of(photos) * renders).sum(axis=1).mean()))


def _square(path: Path) -> Image.Image:
    with Image.open(path, formats=("JPEG", "PNG")) as image:
        return image.convert("RGB")
