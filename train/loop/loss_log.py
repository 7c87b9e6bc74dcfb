"""The losses of an epoch's steps, read without stopping a GPU: those of a step when the next one has been asked for."""

from __future__ import annotations

from dataclasses import dataclass

from cad2real.progress import Progress
from train.compute.copies import ReadLater
from train.loop.divergence import refuse_divergence


@dataclass(frozen=True)
class StepLosses:
    """The losses of step number `step` by name, and last the norm of their gradient, on their way to the CPU."""

    step: int
    names: tuple[str, ...]
    values: ReadLater


class LossLog:
    """Adds up the losses of the steps of an epoch and shows them in `progress`. On a CPU those of a step are read at
    once, on a GPU when the next step is added: the GPU then has that to do, and does not wait for the CPU.
    """

    def __init__(self, stage: str, progress: Progress) -> None:
        self._stage, self._progress = stage, progress
        self._unread: StepLosses | None = None
        self._sums: dict[str, float] = {}
        self._steps = 0

    def add(self, losses: StepLosses) -> None:
        """Raises DivergedError where losses or gradient of a step that is read are not finite."""
        self._read()
        self._unread = losses
        if losses.values.ready:
            self._read()

    def means(self) -> dict[str, float]:
        """The mean losses by name of all steps; raises as `add` does."""
        self._read()
        return {name: value / self._steps for name, value in self._sums.items()}

    def _read(self) -> None:
        if self._unread is None:
            return
        read, self._unread = self._unread, None
        *each, norm = read.values.values()
        losses = dict(zip(read.names, each, strict=True))
        refuse_divergence(self._stage, read.step, losses, norm)
        for name, value in losses.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._steps += 1
        self._progress.advance(note=" ".join(f"{name} {value:.2f}" for name, value in losses.items()))
