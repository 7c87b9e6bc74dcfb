"""Which of the project's models the index is made with, loaded by torch, and its form without torch."""

from __future__ import annotations

from pathlib import Path

from cad2real.errors import UserError
from cad2real.files import atomic_file
from search.model.embedding import Embedder

STAGES = ("adapt", "probe")  # the best first


def load_model(models: Path, stage: str | None = None) -> tuple[str, Embedder]:
    """The model of `stage`, or the best there is: its stage and the model. Raises UserError when there is none."""
    from train.model import Model

    if stage is None:
        there = [name for name in STAGES if (models / name / "model.safetensors").exists()]
        stage = there[0] if there else STAGES[0]
    return stage, Model.load(models / stage)


def onnx_of(model: Embedder) -> bytes:
    """The file that `search.model.photo_network` reads. Raises UserError when the network cannot be written so."""
    from train.classifier_onnx import classifier_onnx
    from train.model import Model

    if not isinstance(model, Model):
        raise UserError("Only trained models can be written as ONNX.")
    return classifier_onnx(model)


def export_onnx(model: Path, out: Path) -> None:
    """Writes the model in the folder `model` as the ONNX file `out`, whole or not at all."""
    from train.model import Model

    network = onnx_of(Model.load(model))
    with atomic_file(out) as temporary:
        temporary.write_bytes(network)
