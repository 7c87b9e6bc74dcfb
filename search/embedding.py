"""What search needs of a model, and which of the project's models it loads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from PIL import Image

from search.index import Index
from search.ranking import Floats, Queries

STAGES = ("adapt", "probe")  # the best first


class Embedder(Protocol):
    """A trained model; `key` changes with its weights. Embeddings are (n, d) float32, L2-normalised."""

    key: str
    classes: tuple[str, ...]

    def embed_and_classify(self, images: Sequence[Image.Image]) -> tuple[Floats, Floats]:
        """Embeddings (n, d) and class probabilities (n, classes) of square photos."""

    def embed_files(self, paths: Sequence[Path], label: str) -> Floats:
        """Embeddings of renders; `label` names them in the progress line."""


def embed_queries(model: Embedder, index: Index, images: Sequence[Image.Image]) -> Queries:
    """The embeddings of square photos, with the class probability of each part of `index`."""
    embeddings, probabilities = model.embed_and_classify(images)
    if not index.labels <= set(model.classes):  # parts that were rendered after training
        return Queries(embeddings)
    numbers = {label: number for number, label in enumerate(model.classes)}
    columns = [numbers[part.label] for part in index.parts]
    return Queries(embeddings, probabilities[:, columns])


def load_model(models: Path, stage: str | None = None) -> tuple[str, Embedder]:
    """The model of `stage`, or the best there is: its stage and the model. Raises UserError when there is none."""
    from train.model import Model

    if stage is None:
        there = [name for name in STAGES if (models / name / "model.safetensors").exists()]
        stage = there[0] if there else STAGES[0]
    return stage, Model.load(models / stage)
