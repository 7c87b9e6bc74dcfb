"""Schedules of an adaptation run: learning rate, start and ramp of the adaptation losses. They are given as shares of
the run, so that a short run goes through all of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

WARM_UP = 0.05  # share of the run in which learning rates rise from 0


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
