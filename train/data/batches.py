"""Batches as the network sees them: augmented renders on random backgrounds, weak and strong views of photos."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from train.augment_params import AugmentParams
from train.compute.copies import moved
from train.data.augmentations import (
    Blur,
    Erase,
    Greyscale,
    Highlights,
    Jitter,
    Jpeg,
    LowResolution,
    Noise,
    Recolour,
    Shadow,
)
from train.data.augmix import AugMix
from train.data.behind_parts import Background
from train.data.warp import Flip, Warp, WarpRange
from train.params import TrainParams

UInt8 = npt.NDArray[np.uint8]

BACKGROUND_GREY = 0.6  # behind a render's alpha where nothing is drawn


def pixels_of(images: UInt8, rows: npt.NDArray[np.int64] | slice) -> Tensor:
    """Rows of a uint8 array, on the CPU."""
    return torch.from_numpy(np.ascontiguousarray(images[rows]))


def as_float(pixels: Tensor) -> Tensor:
    """uint8 images as float32 in [0, 1]; such as are float already stay as they are."""
    return pixels if pixels.is_floating_point() else pixels.float().div_(255)


@dataclass(frozen=True)
class Finish:
    """What a camera and a file do to a picture, the last changes of a training image."""

    jitter: Jitter
    greyscale: Greyscale
    blur: Blur
    low_resolution: LowResolution
    noise: Noise
    jpeg: Jpeg
    erase: Erase

    @classmethod
    def draw(
        cls, n: int, size: int, jitter: float, params: AugmentParams, rng: torch.Generator, device: torch.device
    ) -> Finish:
        return cls(
            Jitter.draw(n, jitter, rng),
            Greyscale.draw(n, params.grey_p, rng),
            Blur.draw(n, params.blur_p, rng),
            LowResolution.draw(n, params.low_resolution_p, rng),
            Noise.draw((n, 3, size, size), params.noise, rng, device),
            Jpeg.draw(n, params.jpeg_p, rng),
            Erase.draw(n, params.erase_p, rng),
        )

    def __call__(self, images: Tensor) -> Tensor:
        images = self.low_resolution(self.blur(self.greyscale(self.jitter(images))))
        return self.erase(self.jpeg(self.noise(images)))


@dataclass(frozen=True)
class SourceView:
    """Renders as training images: warped, recoloured, on a random background."""

    size: int
    warp: Warp
    flip: Flip
    recolour: Recolour
    highlights: Highlights
    background: Background
    shadow: Shadow
    augmix: AugMix
    finish: Finish

    @classmethod
    def draw(
        cls,
        n: int,
        params: TrainParams,
        target: UInt8 | None,
        background_photos: UInt8 | None,
        rng: torch.Generator,
        device: torch.device,
    ) -> SourceView:
        """For n renders; perhaps a piece of the photos `target` (m, 3, s, s) or `background_photos` stands behind."""
        changes = params.source_augment
        limits = WarpRange(
            changes.scale,
            changes.rotation_deg,
            changes.shift,
            changes.stretch,
            changes.perspective,
            changes.close_up_p,
        )
        return cls(
            params.image_size,
            Warp.draw(n, limits, rng),
            Flip.draw(n, changes.flip_p, rng),
            Recolour.draw(n, changes.recolour_p, rng),
            Highlights.draw(n, changes.highlights_p, rng),
            Background.draw(n, params.background, target, rng, background_photos),
            Shadow.draw(n, changes.shadow_p, rng),
            AugMix.draw(n, changes.augmix_p, rng),
            Finish.draw(n, params.image_size, changes.jitter, changes, rng, device),
        )

    def __call__(self, renders: Tensor) -> Tensor:
        """Renders (n, 4, s, s), uint8 with straight alpha, as images (n, 3, size, size) in [0, 1]."""
        renders = as_float(renders)
        premultiplied = torch.cat([renders[:, :3] * renders[:, 3:], renders[:, 3:]], dim=1)
        warped = self.flip(self.warp(premultiplied, self.size, "zeros"))
        alpha = warped[:, 3:]
        part = (warped[:, :3] / alpha.clamp_min(1e-3)).clamp(0, 1)
        part = self.highlights(self.recolour(part), alpha)
        behind = self.shadow(self.background(self.size), alpha)
        return self.finish(self.augmix(torch.lerp(behind, part, alpha)))


@dataclass(frozen=True)
class TargetView:
    """Photos as training images: a little turned, moved and jittered (weak view)."""

    size: int
    warp: Warp
    flip: Flip
    jitter: Jitter

    @classmethod
    def draw(cls, n: int, params: TrainParams, rng: torch.Generator) -> TargetView:
        changes = params.target_augment
        limits = WarpRange(changes.scale, changes.rotation_deg, changes.shift)
        return cls(
            params.image_size,
            Warp.draw(n, limits, rng),
            Flip.draw(n, changes.flip_p, rng),
            Jitter.draw(n, changes.jitter, rng),
        )

    def __call__(self, photos: Tensor) -> Tensor:
        """Photos (n, 3, s, s), uint8, as images (n, 3, size, size) in [0, 1]."""
        return self.jitter(self.flip(self.warp(as_float(photos), self.size, "border")))


@dataclass(frozen=True)
class StrongTargetView:
    """A photo changed as much as a render is: the student of self-training sees it, the teacher sees the weak view."""

    weak: TargetView
    finish: Finish

    @classmethod
    def draw(cls, n: int, params: TrainParams, rng: torch.Generator, device: torch.device) -> StrongTargetView:
        weak, changes = TargetView.draw(n, params, rng), params.source_augment
        return cls(weak, Finish.draw(n, params.image_size, 0.5 * changes.jitter, changes, rng, device))

    def __call__(self, photos: Tensor) -> Tensor:
        """Photos (n, 3, s, s), uint8, as images (n, 3, size, size) in [0, 1]."""
        return self.finish(self.weak(photos))


def source_view(
    renders: Tensor,
    params: TrainParams,
    target: UInt8 | None,
    background_photos: UInt8 | None,
    rng: torch.Generator,
    device: torch.device | None = None,
) -> Tensor:
    """Renders (n, 4, s, s), uint8 on the CPU, as training images (n, 3, size, size) on `device` (None: the CPU)."""
    device = device or torch.device("cpu")
    view = SourceView.draw(len(renders), params, target, background_photos, rng, device)
    renders, view = moved((renders, view), device)
    return view(renders)


def plain_view(
    images: UInt8, size: int, background: float = BACKGROUND_GREY, device: torch.device | None = None
) -> Tensor:
    """Images (n, 3 or 4, s, s) without any change but their size, on `device` (None: the CPU); alpha is laid on
    `background` grey.
    """
    pictures = as_float(moved(torch.from_numpy(np.ascontiguousarray(images)), device))
    if pictures.shape[1] == 4:
        pictures = torch.lerp(torch.full((), background, device=pictures.device), pictures[:, :3], pictures[:, 3:])
    if pictures.shape[-1] == size:
        return pictures
    return torch.nn.functional.interpolate(
        pictures, size=(size, size), mode="bilinear", antialias=True, align_corners=False
    )


def balanced_rows(
    labels: npt.NDArray[np.int64], batch: int, rng: np.random.Generator
) -> Iterator[npt.NDArray[np.int64]]:
    """Endless batches of row numbers in which every class is equally likely, each class's rows in shuffled rounds."""
    queues: dict[int, list[int]] = {int(label): [] for label in np.unique(labels)}
    classes = np.array(sorted(queues))
    upcoming: list[int] = []
    while True:
        rows = []
        for _ in range(batch):
            if not upcoming:
                upcoming = rng.permutation(classes).tolist()
            queue = queues[label := upcoming.pop()]
            if not queue:
                queue.extend(rng.permutation(np.flatnonzero(labels == label)).tolist())
            rows.append(queue.pop())
        yield np.array(rows, dtype=np.int64)


def shuffled_rows(n: int, batch: int, rng: np.random.Generator) -> Iterator[npt.NDArray[np.int64]]:
    """Endless batches of row numbers below n, in shuffled rounds; a set smaller than the batch repeats within it."""
    queue: list[int] = []
    while True:
        while len(queue) < batch:
            queue = rng.permutation(n).tolist() + queue
        yield np.array([queue.pop() for _ in range(batch)], dtype=np.int64)
