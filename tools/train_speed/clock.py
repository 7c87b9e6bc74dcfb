"""Images a second of a loop, the share of its time that it waits for images, and the memory that it takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import torch

WARM_UP, WARM_UP_GPU = 4, 20  # steps: caches, and on a GPU the choice of kernels


@dataclass(frozen=True)
class Speed:
    """`data_wait` is a share of the time, `peak_memory_gib` that of a GPU (None on a CPU)."""

    images_a_second: float
    data_wait: float
    peak_memory_gib: float | None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def now(device: torch.device) -> float:
    """Seconds, when all that has been asked of the device is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.monotonic()


class Clock:
    """Starts after `warm_up` steps; each step ends with `step`, waiting for images is done within `waiting`."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.warm_up = WARM_UP_GPU if device.type == "cuda" else WARM_UP
        self._done = 0
        self._started = self._waited = 0.0
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        asked = time.monotonic()
        yield
        self._waited += time.monotonic() - asked

    def step(self) -> None:
        self._done += 1
        if self._done == self.warm_up:
            self._started, self._waited = now(self.device), 0.0

    def speed(self, images: int) -> Speed:
        """Of the steps after the warm-up, of `images` each."""
        seconds = now(self.device) - self._started
        memory = torch.cuda.max_memory_allocated(self.device) / 2**30 if self.device.type == "cuda" else None
        return Speed(
            round(images * (self._done - self.warm_up) / seconds, 1),
            round(self._waited / seconds, 3),
            None if memory is None else round(memory, 2),
        )
