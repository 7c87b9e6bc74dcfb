"""The images of each step of the adaptation, the same for the same seed."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from train.compute.copies import moved
from train.compute.distributed import ALONE, World
from train.compute.side_stream import SideStream
from train.data import batches
from train.data.batches import SourceView, StrongTargetView, TargetView
from train.data.datasets import SourceDomain, TargetDomain
from train.data.own_rows import own_rows
from train.data.warp import shrunk
from train.loop.schedule import AnySchedule
from train.params import TrainParams

type Restyle = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class StepImages:
    """The images of one step. `images` (n + m, 3, s, s) holds n augmented renders and then m strong views of photos,
    `labels` (n,) the renders' classes, `weak` (m, 3, s, s) weak views of the same photos (None while only the source
    trains), all on one device; `extents` (m, 2) the parts' sizes in the photos (see TargetDomain). `progress`: the
    share of the adaptation phase that is done, below 0 before it begins. Several processes may hold of `images` and of
    `weak` their own shares only (`World.shard`).
    """

    images: Tensor
    labels: Tensor
    weak: Tensor | None
    extents: npt.NDArray[np.float64] | None
    progress: float

    @property
    def photos(self) -> int:
        """m, 0 while only the source trains."""
        if self.weak is None:
            return 0
        return len(self.weak) if self.extents is None else len(self.extents)

    @property
    def total(self) -> int:
        """N + m."""
        return len(self.labels) + self.photos


type MakeStepImages = Callable[
    [SourceDomain, TargetDomain, TrainParams, AnySchedule, Sequence[Restyle], int, torch.device | None, World],
    Iterator[StepImages],
]
"""`step_images`, or a function that keeps what it made (`tools/uda`)."""


def step_images(  # 8 parameters: a caller may hand in a function of its own with the same ones
    source: SourceDomain,
    target: TargetDomain,
    params: TrainParams,
    schedule: AnySchedule,
    restyles: Sequence[Restyle],
    first: int = 0,
    device: torch.device | None = None,
    world: World = ALONE,
) -> Iterator[StepImages]:
    """The images of all steps from `first` on, made on `device`. `restyles` change the renders, given the photos of the
    step, once the target trains. A step's images depend on the seed and its number only. Each process of `world` makes
    its own shares of them, unless there are `restyles`, which want a photo for each render.
    """
    world = ALONE if restyles else world
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
        rng = _step_rng(params.seed, step)
        drawn = moved(_drawn(source, target, params, rows, photo_rows, rng, device, world), device)
        renders = _changed(drawn.view, drawn.renders, params.image_size)
        if drawn.photos is None or photo_rows is None:
            yield StepImages(renders, drawn.labels, None, None, progress)
            continue
        photos = shrunk(batches.as_float(drawn.photos.weak_pixels), params.image_size)  # once for both views
        weak = _changed(drawn.photos.weak, photos, params.image_size)
        if drawn.photos.strong_pixels is not None:
            photos = drawn.photos.strong_pixels
        strong = _changed(drawn.photos.strong, photos, params.image_size)
        for restyle in restyles:
            renders = restyle(renders, weak)
        yield StepImages(torch.cat([renders, strong]), drawn.labels, weak, target.extents[photo_rows], progress)


def _changed(view: Callable[[Tensor], Tensor], pixels: Tensor, size: int) -> Tensor:
    """`view` of images, of which there may be none."""
    return view(pixels) if len(pixels) else torch.empty(0, 3, size, size, device=pixels.device)


@dataclass(frozen=True)
class _DrawnPhotos:
    """The photos of a step, uint8, of which this process makes weak views (k, 3, s, s) and strong ones (l, 3, s, s;
    None: the same ones, as in a world of one), and how they are changed.
    """

    weak_pixels: Tensor
    weak: TargetView
    strong_pixels: Tensor | None
    strong: StrongTargetView


@dataclass(frozen=True)
class _Drawn:
    """All that the images of a step are made from, to be moved to the device at once: renders (k, 4, s, s) uint8 that
    this process makes images of, and all labels (n,).
    """

    renders: Tensor
    labels: Tensor
    view: SourceView
    photos: _DrawnPhotos | None


def _drawn(  # 8 parameters: what a step is made from and for whom
    source: SourceDomain,
    target: TargetDomain,
    params: TrainParams,
    rows: npt.NDArray[np.int64],
    photo_rows: npt.NDArray[np.int64] | None,
    rng: torch.Generator,
    device: torch.device,
    world: World,
) -> _Drawn:
    """Of the renders `rows` and the photos `photo_rows`, on the CPU, for images on `device`. Numbers are drawn for all,
    and pixels read of those that this process makes images of.
    """
    n, photos = len(rows), 0 if photo_rows is None else len(photo_rows)
    ours = world.rows(n + photos)
    first, last = min(ours.start, n), min(ours.stop, n)
    view = SourceView.draw(n, params, target.images, source.background_photos.images, rng, device)
    renders = batches.pixels_of(source.images, rows[first:last])
    labels, view = torch.from_numpy(source.labels[rows]), own_rows(view, first, last)
    if photo_rows is None:
        return _Drawn(renders, labels, view, None)
    weak = TargetView.draw(photos, params, rng)
    strong = StrongTargetView.draw(photos, params, rng, device)
    of_weak, of_strong = world.rows(photos), slice(max(ours.start - n, 0), max(ours.stop - n, 0))
    weak_pixels = batches.pixels_of(target.images, photo_rows[of_weak])
    strong_pixels = None if of_weak == of_strong else batches.pixels_of(target.images, photo_rows[of_strong])
    drawn = _DrawnPhotos(
        weak_pixels,
        own_rows(weak, of_weak.start, of_weak.stop),
        strong_pixels,
        own_rows(strong, of_strong.start, of_strong.stop),
    )
    return _Drawn(renders, labels, view, drawn)


def _step_rng(seed: int, step: int) -> torch.Generator:
    return torch.Generator().manual_seed(int(np.random.SeedSequence([seed, step]).generate_state(1, np.uint64)[0]))


def prefetched[T](items: Iterator[T], device: torch.device | None = None) -> Generator[T]:
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
