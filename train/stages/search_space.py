"""What `cad2real train tune` may change in the block of a stage, and how far. One line a parameter."""

from __future__ import annotations

from typing import Literal, NamedTuple

TunedStage = Literal["finetune", "adapt"]


class Range(NamedTuple):
    low: float
    high: float
    log: bool = False  # drawn evenly over orders of magnitude


SHARED = {
    "backbone_learning_rate": Range(2e-5, 1e-3, log=True),
    "head_learning_rate": Range(2e-4, 1e-2, log=True),
    "layer_decay": Range(0.6, 1.0),
    "weight_decay": Range(1e-3, 0.1, log=True),
    "label_smoothing": Range(0.0, 0.2),
}
RANGES: dict[TunedStage, dict[str, Range]] = {
    "finetune": SHARED,
    "adapt": {**SHARED, "source_only_share": Range(0.1, 0.6)},
}
