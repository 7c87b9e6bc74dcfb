"""What the outline of a part in a photo says of which part it is, as `cad2real predict` asks it: beside the index."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from cad2real.errors import UserError
from train.data.foreground import extent
from train.sizes.size_prior import SizePrior, read_prior, write_prior

OUTLINES, OF_MODEL = "outlines.safetensors", "size_prior.safetensors"
REMEDY = "Run `cad2real index`."

Extents = npt.NDArray[np.float64]


def outlines_of(model: Path, classes: Sequence[str]) -> SizePrior | None:
    """What the model in the folder `model` knows of outlines in photos of unknown scale. None where it knows nothing,
    as from photos of one camera at one distance: others may be taken from other sides. Raises UserError.
    """
    prior = _read(model / OF_MODEL, classes, "Train it again.")
    return None if prior is None else prior.of_shapes


def save_outlines(folder: Path, outlines: SizePrior | None) -> None:
    """Puts `outlines` into the existing folder of an index, nothing where there are none."""
    if outlines is not None:
        write_prior(folder / OUTLINES, outlines)


def load_outlines(index: Path, classes: Sequence[str]) -> SizePrior | None:
    """What `save_outlines` put into the folder `index`, None where that was nothing. Raises UserError when it is
    damaged.
    """
    return _read(index / OUTLINES, classes, REMEDY)


def extents_of(squares: Sequence[Image.Image]) -> Extents:
    """Log widths (n, 2) of the part in each square photo, in its own pixels; NaN where it cannot be measured."""
    return np.array([extent(square, float(square.width)) for square in squares]).reshape(-1, 2)


def _read(path: Path, classes: Sequence[str], remedy: str) -> SizePrior | None:
    from safetensors import SafetensorError

    try:
        return read_prior(path, len(classes))
    except (OSError, ValueError, KeyError, TypeError, IndexError, SafetensorError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise UserError(f"{path} is damaged ({reason}).", remedy) from None
