"""What search needs of a model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image

from search.index import Index
from search.ranking import Floats, Queries
from train.measures.calibration import at_temperature


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


def embed_queries(model: PhotoEmbedder, index: Index, images: Sequence[Image.Image]) -> Queries:
    """The embeddings of square photos, with the class probability of each part of `index`; NaN of a part that was added
    after training.
    """
    return queries_of(model.classes, index, *model.embed_and_classify(images))


def queries_of(classes: Sequence[str], index: Index, embeddings: Floats, probabilities: Floats) -> Queries:
    """Embeddings (n, d) and probabilities (n, classes) as questions to `index`."""
    numbers = {label: number for number, label in enumerate(classes)}
    columns = np.array([numbers.get(part.label, -1) for part in index.parts])
    if (columns < 0).all():
        return Queries(embeddings)
    of_parts = np.where(columns < 0, np.float32(np.nan), probabilities[:, columns])
    confidence = None
    if index.temperature is not None:
        calibrated = at_temperature(probabilities.astype(np.float64), index.temperature)
        confidence = np.where(columns < 0, np.nan, calibrated[:, columns])
    return Queries(embeddings, of_parts, confidence)
