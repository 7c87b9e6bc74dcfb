"""What search asks of a model, and which of the project's models it takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from PIL import Image

from search.ranking import Floats

STAGES = ("adapt", "probe")  # the best first


class Embedder(Protocol):
    """A trained model; `key` changes with its weights. Embeddings are (n, d) float32, L2-normalised."""

    key: str

    def embed(self, images: Sequence[Image.Image]) -> Floats:
        """Embeddings of square photos."""

    def embed_files(self, paths: Sequence[Path], label: str) -> Floats:
        """Embeddings of renders; `label` names them in the progress line."""


def load_model(models: Path, stage: str | None = None) -> tuple[str, Embedder]:
    """The model of `stage`, or the best there is: its stage and the model. Raises UserError when there is none."""
    from train.model import Model

    if stage is None:
        there = [name for name in STAGES if (models / name / "model.safetensors").exists()]
        stage = there[0] if there else STAGES[0]
    return stage, Model.load(models / stage)
