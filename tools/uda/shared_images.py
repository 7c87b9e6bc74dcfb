"""Images of an adaptation's steps, made once for all methods of a pair.

They depend on the seed and the step's number only (`train/loop/step_images.py`), and on two cores take half of a
run's time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from train.compute.distributed import ALONE, World
from train.data.datasets import SourceDomain, TargetDomain
from train.loop.schedule import Schedule
from train.loop.step_images import Restyle, StepImages, step_images
from train.params import TrainParams

MOST_STEPS = 300  # 2.4 MB each; a longer run makes its own


class SharedStepImages:
    """Like `train.loop.step_images.step_images`; keeps the images of the last pair and seed."""

    def __init__(self) -> None:
        self._kept: tuple[object, list[StepImages]] = None, []

    def __call__(
        self,
        source: SourceDomain,
        target: TargetDomain,
        params: TrainParams,
        schedule: Schedule,
        restyles: Sequence[Restyle],
        first: int = 0,
        device: torch.device | None = None,
        world: World = ALONE,
    ) -> Iterator[StepImages]:
        if first or schedule.steps > MOST_STEPS:
            yield from step_images(source, target, params, schedule, restyles, first, device, world)
            return
        key = (id(source), id(target), params.seed, params.batch_size, schedule)
        if self._kept[0] != key:
            self._kept = key, list(step_images(source, target, params, schedule, [], first, device))
        for images in self._kept[1]:
            n = len(images.labels)
            renders, strong = images.images[:n], images.images[n:]
            for restyle in restyles:
                renders = renders if images.weak is None else restyle(renders, images.weak)
            yield replace(images, images=torch.cat([renders, strong]))
