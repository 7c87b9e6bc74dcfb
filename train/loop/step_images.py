"""The images of each step of the adaptation, the same for the same seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from train.data import batches
from train.data.datasets import SourceDomain, TargetDomain
from train.loop.schedule import Schedule
from train.params import TrainParams

type Restyle = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class StepImages:
    """The images of one step. `images` (n + m, 3, s, s) holds n augmented renders and then m strong views of photos,
    `labels` (n,) the renders' classes, `weak` (m, 3, s, s) weak views of the same photos (None while only the source
    trains), `extents` (m, 2) the parts' sizes in them (see TargetDomain). `progress`: the share of the adaptation phase
    that is done, below 0 before it begins.
    """

    images: Tensor
    labels: Tensor
    weak: Tensor | None
    extents: npt.NDArray[np.float64] | None
    progress: float


type MakeStepImages = Callable[
    [SourceDomain, TargetDomain, TrainParams, Schedule, Sequence[Restyle], int, torch.device | None],
    Iterator[StepImages],
]
"""`step_images`, or a function that keeps what it made (`tools/uda`)."""


def step_images(
    source: SourceDomain,
    target: TargetDomain,
    params: TrainParams,
    schedule: Schedule,
    restyles: Sequence[Restyle],
    first: int = 0,
    device: torch.device | None = None,
) -> Iterator[StepImages]:
    """The images of all steps from `first` on, made on `device`. `restyles` change the renders, given the photos of the
    step, once the target trains. A step's images depend on the seed and its number only.
    """
    shuffle = np.random.default_rng(params.seed)
    trained = np.flatnonzero(~source.held_out)
    source_rows = batches.balanced_rows(source.labels[trained], params.batch_size, shuffle)
    target_rows = batches.shuffled_rows(len(target.images), params.batch_size, shuffle) if len(target.images) else None
    for step in range(schedule.steps):
        progress = schedule.adaptation_progress(step)
        rows = trained[next(source_rows)]
        photo_rows = next(target_rows) if target_rows is not None and progress >= 0 else None
        if step < first:  # rows are drawn again, which costs nothing; images are not
            continue
        rng = _step_rng(params.seed, step)
        labels = torch.from_numpy(source.labels[rows])
        renders = batches.source_view(
            batches.as_float(source.images, rows, device),
            params.image_size,
            params.source_augment,
            params.background,
            target.images,
            rng,
            source.background_photos.images,
        )
        if photo_rows is None:
            yield StepImages(renders, labels, None, None, progress)
            continue
        photos = batches.as_float(target.images, photo_rows, device)
        weak = batches.target_view(photos, params.image_size, params.target_augment, rng)
        strong = batches.strong_target_view(
            photos, params.image_size, params.target_augment, params.source_augment, rng
        )
        for restyle in restyles:
            renders = restyle(renders, weak)
        yield StepImages(torch.cat([renders, strong]), labels, weak, target.extents[photo_rows], progress)


def _step_rng(seed: int, step: int) -> torch.Generator:
    return torch.Generator().manual_seed(int(np.random.SeedSequence([seed, step]).generate_state(1, np.uint64)[0]))


def prefetched[T](items: Iterator[T]) -> Iterator[T]:
    """The same items; a thread makes the next one while this one is in use.

    >>> list(prefetched(iter([1, 2, 3])))
    [1, 2, 3]
    """
    with ThreadPoolExecutor(1) as pool:
        upcoming = pool.submit(next, items, None)
        while (item := upcoming.result()) is not None:
            upcoming = pool.submit(next, items, None)
            yield item
