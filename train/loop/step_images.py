"""The images of each step of the adaptation, the same for the same seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from train.compute.copies import moved
from train.compute.side_stream import SideStream
from train.data import batches
from train.data.batches import SourceView, StrongTargetView, TargetView
from train.data.datasets import SourceDomain, TargetDomain
from train.data.warp import shrunk
from train.loop.schedule import Schedule
from train.params import TrainParams

type Restyle = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class StepImages:
    """The images of one step. `images` (n + m, 3, s, s) holds n augmented renders and then m strong views of photos,
    `labels` (n,) the renders' classes, `weak` (m, 3, s, s) weak views of the same photos (None while only the source
    trains), all on one device; `extents` (m, 2) the parts' sizes in the photos (see TargetDomain). `progress`: the
    share of the adaptation phase that is done, below 0 before it begins.
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
    device = device or torch.device("cpu")
    for step in range(schedule.steps):
        progress = schedule.adaptation_progress(step)
        rows = trained[next(source_rows)]
        photo_rows = next(target_rows) if target_rows is not None and progress >= 0 else None
        if step < first:  # rows are drawn again, which costs nothing; images are not
            continue
        drawn = moved(_drawn(source, target, params, rows, photo_rows, _step_rng(params.seed, step), device), device)
        renders = drawn.view(drawn.renders)
        if drawn.photos is None or photo_rows is None:
            yield StepImages(renders, drawn.labels, None, None, progress)
            continue
        photos = shrunk(batches.as_float(drawn.photos.pixels), params.image_size)  # once for both views
        weak, strong = drawn.photos.weak(photos), drawn.photos.strong(photos)
        for restyle in restyles:
            renders = restyle(renders, weak)
        yield StepImages(torch.cat([renders, strong]), drawn.labels, weak, target.extents[photo_rows], progress)


@dataclass(frozen=True)
class _DrawnPhotos:
    """The photos (m, 3, s, s) uint8 of a step, and how they are changed."""

    pixels: Tensor
    weak: TargetView
    strong: StrongTargetView


@dataclass(frozen=True)
class _Drawn:
    """All that the images of a step are made from, to be moved to the device at once: renders (n, 4, s, s) uint8."""

    renders: Tensor
    labels: Tensor
    view: SourceView
    photos: _DrawnPhotos | None


def _drawn(
    source: SourceDomain,
    target: TargetDomain,
    params: TrainParams,
    rows: npt.NDArray[np.int64],
    photo_rows: npt.NDArray[np.int64] | None,
    rng: torch.Generator,
    device: torch.device,
) -> _Drawn:
    """Of the renders `rows` and the photos `photo_rows`, on the CPU, for images on `device`."""
    renders, labels = batches.pixels_of(source.images, rows), torch.from_numpy(source.labels[rows])
    view = SourceView.draw(len(rows), params, target.images, source.background_photos.images, rng, device)
    if photo_rows is None:
        return _Drawn(renders, labels, view, None)
    weak = TargetView.draw(len(photo_rows), params, rng)
    strong = StrongTargetView.draw(len(photo_rows), params, rng, device)
    return _Drawn(renders, labels, view, _DrawnPhotos(batches.pixels_of(target.images, photo_rows), weak, strong))


def _step_rng(seed: int, step: int) -> torch.Generator:
    return torch.Generator().manual_seed(int(np.random.SeedSequence([seed, step]).generate_state(1, np.uint64)[0]))


def prefetched[T](items: Iterator[T], device: torch.device | None = None) -> Iterator[T]:
    """The same items; a thread makes the next one while this one is in use, on a GPU `device` beside it.

    >>> list(prefetched(iter([1, 2, 3])))
    [1, 2, 3]
    """
    side = SideStream(device)
    with ThreadPoolExecutor(1) as pool:
        upcoming = pool.submit(side.make, items)
        while (made := upcoming.result()) is not None:
            upcoming = pool.submit(side.make, items)
            yield side.hand_over(made)
