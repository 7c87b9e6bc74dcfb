"""TensorBoard logs, if `train.tensorboard` is on: losses and label-free scores of each epoch of a run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from cad2real.errors import UserError
from cad2real.layout import Layout
from train.params import TrainParams


class TensorBoardLog:
    """Logs of the run `name` in data/logs/tensorboard/NAME; does nothing unless `train.tensorboard` is on.

    A file an epoch, closed at once: a killed run loses none, and TensorBoard shows them as one. Raises UserError where
    TensorBoard is not installed.
    """

    def __init__(self, layout: Layout, params: TrainParams, name: str) -> None:
        self._folder: Path | None = layout.logs / "tensorboard" / name if params.tensorboard else None
        if self._folder and find_spec("tensorboard") is None:
            raise UserError(
                "train.tensorboard is on, but TensorBoard is not installed.",
                "Install it (in cad2real's folder: pip install '.[tensorboard]'), or set train.tensorboard: false.",
            )

    def log(self, epoch: int, scores: Mapping[str, float]) -> None:
        """Adds the scores by name after so many epochs (0: before the first). What is no number is left out."""
        if self._folder is None:
            return
        from torch.utils.tensorboard import SummaryWriter

        with SummaryWriter(str(self._folder)) as writer:  # type: ignore[no-untyped-call]
            for name, value in scores.items():
                if math.isfinite(value):
                    group, _, rest = name.partition("loss_")
                    writer.add_scalar(f"score/{group}" if group else f"loss/{rest}", value, epoch)  # type: ignore[no-untyped-call]
