"""Schedules of a run: learning rate, start and ramp of the adaptation losses. `Schedule` is of a run whose length is
given, in shares of it, so that a short run goes through all of them; `OpenSchedule` of one that ends when it has
learnt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

WARM_UP = 0.05  # share of the run in which learning rates rise from 0
WARM_UP_STEPS = 20  # the same of a run of 400 steps, where the length is not known


@dataclass(frozen=True)
class Schedule:
    """Of a run of `steps` steps, of which the first `source_only_share` train on renders only.

    >>> schedule = Schedule(steps=100, source_only_share=0.2)
    >>> [round(schedule.learning_rate(step), 4) for step in (0, 4, 52, 99)]
    [0.1, 0.9, 0.5, 0.0001]
    >>> [round(schedule.adaptation_progress(step), 2) for step in (0, 20, 60)]
    [-0.25, 0.0, 0.5]
    >>> [round(schedule.ramp(progress), 2) for progress in (0.0, 0.1, 0.5)]
    [0.0, 0.46, 0.99]
    """

    steps: int
    source_only_share: float

    def learning_rate(self, step: int) -> float:
        """Factor on the learning rate: linear warm-up, then half a cosine to 0. A step has the rate of its middle: at
        its end the last one would learn nothing, at its start the first.
        """
        progress = (step + 0.5) / self.steps
        if progress < WARM_UP:
            return progress / WARM_UP
        return 0.5 * (1 + math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP)))

    def adaptation_progress(self, step: int) -> float:
        """Share of the adaptation phase that is done; below 0 before it begins."""
        return (step / self.steps - self.source_only_share) / (1 - self.source_only_share)

    @staticmethod
    def ramp(progress: float) -> float:
        """Weight of the adaptation losses: 2 / (1 + e^(-10 p)) - 1 (Ganin et al., JMLR 2016)."""
        return 2 / (1 + math.exp(-10 * progress)) - 1


@dataclass(frozen=True)
class OpenSchedule:
    """Of a run whose phases end when told to: warm-up, stable, decay (Hu et al. 2024, MiniCPM; Haegele et al. 2024,
    NeurIPS: such a schedule ends as well as a cosine of the right length, which nobody knows beforehand).

    `steps` is where the run ends, its ceiling as long as `decay_from` is not known. Photos train from `adapt_from` on,
    rates fall from `decay_from` on; None: not yet. The adaptation losses ramp up over `ramp_steps` steps.

    >>> stable = OpenSchedule(steps=2000, adapt_from=200, ramp_steps=200)
    >>> [round(stable.learning_rate(step), 3) for step in (0, 19, 1999)]
    [0.025, 0.975, 1.0]
    >>> [round(stable.adaptation_progress(step), 2) for step in (0, 200, 300, 900)]
    [-1.0, 0.0, 0.5, 1.0]
    >>> told = OpenSchedule(steps=120, adapt_from=200, decay_from=100)
    >>> [round(told.learning_rate(step), 3) for step in (99, 100, 110, 119, 120)]
    [1.0, 0.842, 0.275, 0.013, 0.0]
    """

    steps: int
    adapt_from: int | None = None
    decay_from: int | None = None
    ramp_steps: int = 1

    def learning_rate(self, step: int) -> float:
        """Factor on the learning rate: linear warm-up, 1, and at the end 1 - sqrt(share of the decay) (Haegele et al.).
        A step has the rate of its middle; after the last there is none (a run of a single epoch has no room to decay).
        """
        if step >= self.steps:
            return 0.0
        rate = min(1.0, (step + 0.5) / WARM_UP_STEPS)
        if self.decay_from is None or step < self.decay_from:
            return rate
        return rate * (1 - math.sqrt((step + 0.5 - self.decay_from) / (self.steps - self.decay_from)))

    def adaptation_progress(self, step: int) -> float:
        """How far the adaptation losses have ramped up, in [0, 1]; below 0 before photos train."""
        if self.adapt_from is None or step < self.adapt_from:
            return -1.0
        return min(1.0, (step - self.adapt_from) / self.ramp_steps)


type AnySchedule = Schedule | OpenSchedule
