"""How long a run has to be for its classes."""

from __future__ import annotations

import sys

from train.params import TrainParams

MANY_CLASSES = 300  # up to here a run has as many steps as params.yaml says
LOOKS = 2  # at each class in an epoch, at the least


def long_enough(params: TrainParams, classes: int, stage: str) -> TrainParams:
    """`params` with enough `steps_per_epoch` for an epoch to show renders of each of `classes` classes LOOKS times,
    where there are many, and with ceilings that allow for as many epochs; says so on standard error, unless `stage` is
    "". A number that is large enough stays.

    >>> long_enough(TrainParams(steps_per_epoch=40), classes=300, stage="adapt").steps_per_epoch
    40
    """
    fewest = -(-LOOKS * classes // params.batch_size)
    if classes <= MANY_CLASSES or params.steps_per_epoch >= fewest:
        return params
    if stage:
        print(
            f"train {stage}: {fewest} steps an epoch instead of {params.steps_per_epoch} (train.steps_per_epoch), to "
            f"show each of {classes} classes {LOOKS} times.",
            file=sys.stderr,
        )
    times = fewest / params.steps_per_epoch
    ceilings = {
        name: block.model_copy(update={"most_steps": round(times * block.most_steps)})
        for name, block in (("adapt", params.adapt), ("finetune", params.finetune))
    }
    return params.model_copy(update={"steps_per_epoch": fewest, **ceilings})
