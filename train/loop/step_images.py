"""The images of each step of the adaptation, the same for the same seed."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

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

Int64 = npt.NDArray[np.int64]
type Restyle = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class StepImages:
    """The images of one step. `images` (n + m + k, 3, s, s) holds n augmented renders, then m strong views of photos,
    then weak views of k photos whose labels train; `labels` (n,) the renders' classes, `photo_labels` (k,) those of the
    latter (None: k is 0), `weak` (m, 3, s, s) weak views of the same photos (None while only the source
    trains), all on one device; `extents` (m, 2) the parts' sizes in the photos (see TargetDomain). `progress`: the
    share of the adaptation phase that is done, below 0 before it begins. Several processes may hold of `images` and of
    `weak` their own shares only (`World.shard`).
    """

    images: Tensor
    labels: Tensor
    weak: Tensor | None
    extents: npt.NDArray[np.float64] | None
    progress: float
    photo_labels: Tensor | None = None

    @property
    def photos(self) -> int:
        """m, 0 while only the source trains."""
        if self.weak is None:
            return 0
        return len(self.weak) if self.extents is None else len(self.extents)

    @property
    def total(self) -> int:
        """N + m + k."""
        return len(self.labels) + self.photos + (0 if self.photo_labels is None else len(self.photo_labels))


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

    Photos whose labels train join when photos do: a batch of as many as there are, at most `batch_size`, in which the
    classes count alike.
    """
    world = ALONE if restyles else world
    shuffle = np.random.default_rng(params.seed)
    trained = np.flatnonzero(~source.held_out)
    source_rows = batches.balanced_rows(source.labels[trained], params.batch_size, shuffle)
    target_rows = batches.shuffled_rows(len(target.images), params.batch_size, shuffle) if len(target.images) else None
    learned = source.labelled_photos.labels
    # A generator of their own: the other rows are the same without them.
    own_shuffle = np.random.default_rng([params.seed, len(learned)])
    labelled_rows = batches.balanced_rows(learned, min(len(learned), params.batch_size), own_shuffle)
    device = device or torch.device("cpu")
    for step in range(schedule.steps):
        progress = schedule.adaptation_progress(step)
        rows = trained[next(source_rows)]
        photo_rows = next(target_rows) if target_rows is not None and progress >= 0 else None
        joined = len(learned) > 0 and (target_rows is None or progress >= 0)
        rows_of = _Rows(rows, photo_rows, next(labelled_rows) if joined else None)
        if step < first:  # rows are drawn again, which costs nothing; images are not
            continue
        rng = _step_rng(params.seed, step)
        drawn = moved(_drawn(source, target, params, rows_of, rng, device, world), device)
        renders = _changed(drawn.view, drawn.renders, params.image_size)
        known, named, own = drawn.labelled, None, []
        if known is not None:
            named, own = known.labels, [_changed(known.view, known.pixels, params.image_size)]
        if drawn.photos is None or photo_rows is None:
            yield StepImages(torch.cat([renders, *own]), drawn.labels, None, None, progress, named)
            continue
        photos = shrunk(batches.as_float(drawn.photos.weak_pixels), params.image_size)  # once for both views
        weak = _changed(drawn.photos.weak, photos, params.image_size)
        if drawn.photos.strong_pixels is not None:
            photos = drawn.photos.strong_pixels
        strong = _changed(drawn.photos.strong, photos, params.image_size)
        for restyle in restyles:
            renders = restyle(renders, weak)
        images, extents = torch.cat([renders, strong, *own]), target.extents[photo_rows]
        yield StepImages(images, drawn.labels, weak, extents, progress, named)


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
class _LabelledPhotos:
    """The photos of a step whose labels train: pixels (j, 3, s, s) uint8 of those that this process makes views of, and
    all labels (k,).
    """

    pixels: Tensor
    view: TargetView
    labels: Tensor


@dataclass(frozen=True)
class _Rows:
    """Which renders, photos and photos with labels a step shows; None: none of the kind."""

    renders: Int64
    photos: Int64 | None
    labelled: Int64 | None


@dataclass(frozen=True)
class _Drawn:
    """All that the images of a step are made from, to be moved to the device at once: renders (k, 4, s, s) uint8 that
    this process makes images of, and all labels (n,).
    """

    renders: Tensor
    labels: Tensor
    view: SourceView
    photos: _DrawnPhotos | None = None
    labelled: _LabelledPhotos | None = None


def _drawn(
    source: SourceDomain,
    target: TargetDomain,
    params: TrainParams,
    rows: _Rows,
    rng: torch.Generator,
    device: torch.device,
    world: World,
) -> _Drawn:
    """Of the images in `rows`, on the CPU, for images on `device`. Numbers are drawn for all, and pixels read of those
    that this process makes images of.
    """
    n, photos, named = (0 if some is None else len(some) for some in (rows.renders, rows.photos, rows.labelled))
    ours = world.rows(n + photos + named)
    first, last = min(ours.start, n), min(ours.stop, n)
    view = SourceView.draw(n, params, target.images, source.background_photos.images, rng, device)
    renders = batches.pixels_of(source.images, rows.renders[first:last])
    labels, view = torch.from_numpy(source.labels[rows.renders]), own_rows(view, first, last)
    of_strong = slice(*(min(max(end - n, 0), photos) for end in (ours.start, ours.stop)))
    of_labelled = slice(*(max(end - n - photos, 0) for end in (ours.start, ours.stop)))
    drawn = _Drawn(renders, labels, view)
    if rows.photos is not None:
        drawn = replace(drawn, photos=_drawn_photos(target, params, rows.photos, of_strong, rng, device, world))
    if rows.labelled is not None:
        drawn = replace(drawn, labelled=_drawn_labelled(source, params, rows.labelled, of_labelled, rng))
    return drawn


def _drawn_photos(
    target: TargetDomain,
    params: TrainParams,
    photo_rows: Int64,
    of_strong: slice,
    rng: torch.Generator,
    device: torch.device,
    world: World,
) -> _DrawnPhotos:
    """Of the photos `photo_rows`; this process makes the strong views `of_strong`."""
    photos = len(photo_rows)
    weak = TargetView.draw(photos, params, rng)
    strong = StrongTargetView.draw(photos, params, rng, device)
    of_weak = world.rows(photos)
    weak_pixels = batches.pixels_of(target.images, photo_rows[of_weak])
    strong_pixels = None if of_weak == of_strong else batches.pixels_of(target.images, photo_rows[of_strong])
    return _DrawnPhotos(
        weak_pixels,
        own_rows(weak, of_weak.start, of_weak.stop),
        strong_pixels,
        own_rows(strong, of_strong.start, of_strong.stop),
    )


def _drawn_labelled(
    source: SourceDomain, params: TrainParams, rows: Int64, ours: slice, rng: torch.Generator
) -> _LabelledPhotos:
    """Of the photos with labels `rows`; this process makes the views `ours`."""
    known = source.labelled_photos
    view = own_rows(TargetView.draw(len(rows), params, rng), ours.start, ours.stop)
    return _LabelledPhotos(batches.pixels_of(known.images, rows[ours]), view, torch.from_numpy(known.labels[rows]))


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
