"""What search needs of a model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image

from search.index import Index
from search.model.outlines import Extents, extents_of
from search.ranking import Floats, Queries
from train.measures.calibration import at_temperature
from train.sizes.size_prior import SizePrior, fuse


class PhotoEmbedder(Protocol):
    """A trained model for photos; `key` changes with its weights. Embeddings are (n, d) float32, L2-normalised."""

    key: str
    classes: tuple[str, ...]

    def embed_and_classify(self, images: Sequence[Image.Image]) -> tuple[Floats, Floats]:
        """Embeddings (n, d) and class probabilities (n, classes) of square photos."""


class Embedder(PhotoEmbedder, Protocol):
    """A trained model for photos and renders. `temperature` makes its probabilities as sure as it is right of held-out
    renders; None where it has none. `learned`: the pictures of photos whose labels trained it.
    """

    @property
    def learned(self) -> frozenset[str]: ...

    @property
    def temperature(self) -> float | None: ...

    def embed_files(self, paths: Sequence[Path], label: str) -> Floats:
        """Embeddings of renders; `label` names them in the progress line."""


def embed_queries(
    model: PhotoEmbedder,
    index: Index,
    images: Sequence[Image.Image],
    outlines: SizePrior | None = None,
    sized: Sequence[bool] = (),
) -> Queries:
    """The embeddings of square photos, with the class probability of each part of `index`, by `outlines` as well where
    they say something, but for those photos whose size is known (`sized`): it says all that its shape does, and counts
    by itself. NaN of a part that was added after training.
    """
    extents = None
    if outlines is not None:
        extents = extents_of(images)
        extents[np.flatnonzero(sized)] = np.nan
    return queries_of(model.classes, index, *model.embed_and_classify(images), outlines, extents)


def queries_of(
    classes: Sequence[str],
    index: Index,
    embeddings: Floats,
    probabilities: Floats,
    outlines: SizePrior | None = None,
    extents: Extents | None = None,
) -> Queries:
    """Embeddings (n, d) and probabilities (n, classes) as questions to `index`; `extents` (n, 2) are what `outlines`
    judge by.
    """
    numbers = {label: number for number, label in enumerate(classes)}
    columns = np.array([numbers.get(part.label, -1) for part in index.parts])
    if (columns < 0).all():
        return Queries(embeddings)
    judged = fuse(probabilities.astype(np.float64), outlines, extents).astype(np.float32)
    of_parts = np.where(columns < 0, np.float32(np.nan), judged[:, columns])
    confidence = None
    if index.temperature is not None:
        calibrated = fuse(at_temperature(probabilities.astype(np.float64), index.temperature), outlines, extents)
        confidence = np.where(columns < 0, np.nan, calibrated[:, columns])
    return Queries(embeddings, of_parts, confidence)
