"""The course of a run: when photos join, when learning rates begin to fall, when it ends and why."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from train.loop.patience import EPOCHS, RENDER_EPOCHS, Patience, Values
from train.loop.schedule import AnySchedule, OpenSchedule
from train.sizes.size_prior import SizePrior

DECAY_SHARE = 0.2  # of the steps before it (Haegele et al. 2024: a fifth is enough, less loses a little)
REASONS = (
    "",
    "the held-out renders stopped rising",
    "the photos' score stopped rising",
    "{stage}.most_steps was reached",
    "{stage}.most_minutes was reached",
)
RENDERS, PHOTOS, STEPS, MINUTES = range(1, 5)


@dataclass(frozen=True)
class Evidence:
    """What an epoch's averaged network shows without labels of photos, one number an item, higher is better: `renders`
    (r,) the probability that it gives the class of each held-out render, `photos` (m,) how much it says of each photo,
    `names` (m,) the number of the class that it takes each for (None: not known).

    Whether few renders are named rightly, 1 or 0, would be noise: of 11 between .2 and .4 while all else rose.
    """

    renders: Values
    photos: Values
    names: Values | None = None


@dataclass(frozen=True)
class EpochEnd:
    """What follows from an epoch: the size prior that corrects the teacher from then on, and evidence."""

    size_prior: SizePrior | None = None
    evidence: Evidence | None = None


@dataclass(frozen=True)
class Limits:
    """Of a run without a given length: `epochs` of `epoch_steps` steps at most, of which `source_epochs` on renders
    only; `seconds` at most, None: as long as it takes. `photos`: whether there are any to adapt to.
    """

    epoch_steps: int
    epochs: int
    source_epochs: int
    seconds: float | None
    photos: bool


class Course(nn.Module):
    """`schedule` says what each step is like. Where `limits` are given, it is open: `hear` what each epoch shows, and
    it learns where its phases end. Its state is part of a checkpoint.
    """

    def __init__(self, schedule: AnySchedule, limits: Limits | None = None) -> None:
        super().__init__()
        self.schedule, self.limits = schedule, limits
        self._patience = Patience()
        self._seconds, self._reason = 0.0, 0

    def why(self, stage: str) -> str:
        """Why the run ends where it does, "" as long as that is not known or its length was given. `stage` is the block
        of params.yaml that holds the limits.
        """
        return REASONS[self._reason].format(stage=stage)

    def hear(self, steps_done: int, evidence: Evidence | None, seconds: float) -> bool:
        """After an epoch that took `seconds`: whether the schedule is another one from here on."""
        limits, schedule = self.limits, self.schedule
        if limits is None or not isinstance(schedule, OpenSchedule) or schedule.decay_from is not None:
            return False
        self._seconds += seconds
        renders_only = schedule.adapt_from is None
        if evidence is not None:
            seen = (evidence.renders, None) if renders_only else (evidence.photos, evidence.names)
            self._patience = self._patience.after(*seen)
        epochs = steps_done // limits.epoch_steps
        settled = self._patience.since >= (RENDER_EPOCHS if renders_only else EPOCHS)
        ceiling = self._ceiling(limits, epochs)
        if renders_only and limits.photos and not ceiling:
            if not settled and epochs < limits.source_epochs:
                return False
            self.schedule = replace(schedule, adapt_from=steps_done, ramp_steps=max(steps_done, limits.epoch_steps))
            self._patience = Patience() if evidence is None else Patience().after(evidence.photos, evidence.names)
            return True
        if not settled and not ceiling:
            return False
        self._reason = ceiling or (RENDERS if renders_only else PHOTOS)
        end = min(epochs + _decay_epochs(epochs), max(limits.epochs, epochs)) * limits.epoch_steps
        self.schedule = replace(schedule, decay_from=steps_done, steps=end)
        return True

    def _ceiling(self, limits: Limits, epochs: int) -> int:
        """The limit that leaves no room for one more epoch before the decay; 0: none."""
        if epochs + 1 + _decay_epochs(epochs + 1) > limits.epochs:
            return STEPS
        last = (epochs + 1 + _decay_epochs(epochs + 1)) / epochs
        return MINUTES if limits.seconds is not None and self._seconds * last > limits.seconds else 0

    def get_extra_state(self) -> Tensor:
        schedule, best, names = self.schedule, self._patience.best, self._patience.names
        known = (schedule.adapt_from, schedule.decay_from) if isinstance(schedule, OpenSchedule) else (None, None)
        places = [-1 if step is None else step for step in known]
        ramp = schedule.ramp_steps if isinstance(schedule, OpenSchedule) else 0
        kept = [each for each in (best, names) if each is not None]
        figures = [*places, schedule.steps, ramp, self._seconds, self._reason, self._patience.since, len(kept)]
        return torch.tensor(np.concatenate([figures, *kept]), dtype=torch.float64)

    def set_extra_state(self, state: Tensor) -> None:
        adapt_from, decay_from, steps, ramp, seconds, reason, since, seen = state[:8].tolist()
        values = state[8:].cpu().numpy().astype(np.float64)
        kept = [*np.split(values, int(seen)), None, None] if seen else [None, None]
        self._patience = Patience(kept[0], int(since), kept[1])
        self._seconds, self._reason = seconds, int(reason)
        if isinstance(self.schedule, OpenSchedule):
            begin, fall = (None if step < 0 else int(step) for step in (adapt_from, decay_from))
            self.schedule = OpenSchedule(int(steps), begin, fall, int(ramp))


def _decay_epochs(epochs: int) -> int:
    return max(1, round(DECAY_SHARE * epochs))
