"""What `cad2real train tune` may change in the block of a stage, and how far. One line a parameter."""

from __future__ import annotations

from typing import Literal, NamedTuple

from train.params import AdaptParams, FinetuneParams

TunedStage = Literal["finetune", "adapt"]


class Range(NamedTuple):
    """Of a rate (`log`): for the defaults, those of the recipe cnn."""

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
RATES = ("backbone_learning_rate", "head_learning_rate")


def ranges_around(now: FinetuneParams | AdaptParams, stage: TunedStage) -> dict[str, Range]:
    """The ranges of a stage whose block is `now`: rates from a tenth to five times what they are, so that a network
    with another recipe is searched where it trains.

    >>> round(ranges_around(AdaptParams(backbone_learning_rate=2e-5), "adapt")["backbone_learning_rate"].low, 12)
    2e-06
    """
    ranges = dict(RANGES[stage])
    for name in RATES:
        usual = ranges[name]
        factor = getattr(now, name) / type(now).model_fields[name].default
        ranges[name] = usual._replace(low=usual.low * factor, high=usual.high * factor)
    return ranges
