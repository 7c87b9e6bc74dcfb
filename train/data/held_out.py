"""Renders that never trained, changed at random as training changes them: one fixed draw, the same for every model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from train.data import batches
from train.data.datasets import SourceDomain, TargetDomain
from train.data.evenly import evenly
from train.params import TrainParams

MOST_VIEWS = 1000  # more fit one temperature no better
BATCH = 64


@dataclass(frozen=True)
class HeldOut:
    """Held-out renders of `source` (`rows`), on backgrounds some of which show the unlabelled `target` photos."""

    source: SourceDomain
    target: TargetDomain
    params: TrainParams
    rows: npt.NDArray[np.int64]

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """Classes (n,) of the renders, out of `source.classes`."""
        return self.source.labels[self.rows]

    def views(self, device: torch.device | None = None) -> Iterator[torch.Tensor]:
        """Batches (k, 3, s, s) in [0, 1], the same at every call, on `device` (None: the CPU)."""
        rng = torch.Generator().manual_seed(self.params.seed)
        for start in range(0, len(self.rows), BATCH):
            renders = batches.pixels_of(self.source.images, self.rows[start : start + BATCH])
            photos = self.source.background_photos.images
            yield batches.source_view(renders, self.params, self.target.images, photos, rng, device)


def held_out(source: SourceDomain, target: TargetDomain, params: TrainParams) -> HeldOut:
    """At most 1,000 held-out renders, evenly from all; none where every view trained."""
    return HeldOut(source, target, params, evenly(np.flatnonzero(source.held_out), MOST_VIEWS))
