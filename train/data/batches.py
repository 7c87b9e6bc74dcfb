"""Batches as the network sees them: augmented renders on random backgrounds, weak and strong views of photos."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch

from train.data import augmentations
from train.data.augmentations import WarpRange
from train.data.augmix import augmix
from train.params import AugmentParams, BackgroundParams, TargetAugmentParams

Tensor = torch.Tensor
UInt8 = npt.NDArray[np.uint8]


def as_float(images: UInt8, rows: npt.NDArray[np.int64] | slice, device: torch.device | None = None) -> Tensor:
    """Rows of a uint8 array as float32 in [0, 1] on `device`, where the functions below then work (None: the CPU)."""
    return torch.from_numpy(np.ascontiguousarray(images[rows])).to(device).float().div_(255)


def backgrounds(
    n: int,
    size: int,
    params: BackgroundParams,
    target: UInt8 | None,
    rng: torch.Generator,
    background_photos: UInt8 | None = None,
    device: torch.device | None = None,
) -> Tensor:
    """(n, 3, size, size) pictures on `device` (None: the CPU) to stand behind parts: colours, smooth gradients, corners
    of unlabelled photos, and pieces of `background_photos` (k, 3, s, s), the user's own photos.
    """
    shares = torch.tensor(
        [params.colour, params.gradient, params.target if target is not None and len(target) else 0.0]
    )
    if background_photos is not None and len(background_photos):
        shares = torch.cat([shares, torch.tensor([params.photos])])
    if shares.sum() <= 0:
        shares[0] = 1.0
    device = device or torch.device("cpu")
    kind = torch.multinomial(shares, n, replacement=True, generator=rng).view(n, 1, 1, 1).to(device)
    colour = torch.rand(n, 3, 1, 1, generator=rng)
    # Most benches, papers and light tables are near grey: half of the colours are.
    grey = colour.mean(1, keepdim=True) + (colour - colour.mean(1, keepdim=True)) * 0.15
    grey = grey + (torch.randint(-1, 2, (n, 1, 1, 1), generator=rng).float() * 0.45)
    colour = torch.where(torch.rand(n, 1, 1, 1, generator=rng) < 0.5, grey.clamp(0, 1), colour).to(device)
    wave = augmentations.smooth_noise(n, 3, size, rng, device) - 0.5
    gradient = colour + wave * torch.rand(n, 1, 1, 1, generator=rng).to(device)
    result = torch.where(kind == 0, colour.expand(n, 3, size, size), gradient.clamp(0, 1))
    if shares[2] > 0 and target is not None:
        result = torch.where(kind == 2, _photo_corners(n, size, target, rng, device), result)
    if background_photos is not None and len(shares) > 3 and shares[3] > 0:
        result = torch.where(kind == 3, _pieces(n, size, background_photos, rng, device), result)
    return result


def _photo_corners(n: int, size: int, target: UInt8, rng: torch.Generator, device: torch.device) -> Tensor:
    """Corners of random photos, enlarged: the surface that parts lie on, mostly without the part."""
    rows = torch.randint(len(target), (n,), generator=rng).numpy()
    full = target.shape[-1]
    side = max(4, full // 5)
    corners = torch.empty(n, 3, side, side)
    places = torch.randint(2, (n, 2), generator=rng).tolist()
    for number, (row, (down, right)) in enumerate(zip(rows, places, strict=True)):
        top, left = down * (full - side), right * (full - side)
        corners[number] = torch.from_numpy(target[row, :, top : top + side, left : left + side].astype(np.float32))
    corners = corners.to(device) / 255
    return torch.nn.functional.interpolate(corners, size=(size, size), mode="bilinear", align_corners=False)


def _pieces(n: int, size: int, background_photos: UInt8, rng: torch.Generator, device: torch.device) -> Tensor:
    """Squares of random photos, turned by quarters, half their side or more."""
    rows = torch.randint(len(background_photos), (n,), generator=rng).tolist()
    turns = torch.randint(4, (n,), generator=rng).tolist()
    full = background_photos.shape[-1]
    sides = torch.randint((full + 1) // 2, full + 1, (n,), generator=rng).tolist()
    places = torch.rand(n, 2, generator=rng).tolist()
    result = torch.empty(n, 3, size, size, device=device)
    for number, (row, turn, side, (down, right)) in enumerate(zip(rows, turns, sides, places, strict=True)):
        top, left = int(down * (full - side + 1)), int(right * (full - side + 1))
        piece = torch.from_numpy(np.ascontiguousarray(background_photos[row, :, top : top + side, left : left + side]))
        shown = torch.nn.functional.interpolate(
            torch.rot90(piece[None].to(device).float() / 255, turn, (2, 3)),
            size=(size, size),
            mode="bilinear",
            antialias=True,
            align_corners=False,
        )
        result[number] = shown[0]
    return result


def source_view(
    renders: Tensor,
    size: int,
    params: AugmentParams,
    background: BackgroundParams,
    target: UInt8 | None,
    rng: torch.Generator,
    background_photos: UInt8 | None = None,
) -> Tensor:
    """Renders (n, 4, s, s) as training images (n, 3, size, size): warped, recoloured, on a random background, perhaps a
    piece of the photos `target` or `background_photos`.
    """
    n = len(renders)
    premultiplied = torch.cat([renders[:, :3] * renders[:, 3:], renders[:, 3:]], dim=1)
    limits = WarpRange(params.scale, params.rotation_deg, params.shift, params.stretch, params.perspective)
    warped = augmentations.warp(premultiplied, size, limits, "zeros", rng)
    warped = augmentations.flip(warped, params.flip_p, rng)
    alpha = warped[:, 3:]
    part = warped[:, :3] / alpha.clamp_min(1e-3)
    part = augmentations.recolour(part.clamp(0, 1), params.recolour_p, rng)
    part = augmentations.highlights(part, alpha, params.highlights_p, rng)
    behind = backgrounds(n, size, background, target, rng, background_photos, alpha.device)
    behind = augmentations.shadow(behind, alpha, params.shadow_p, rng)
    images = augmix(torch.lerp(behind, part, alpha), params.augmix_p, rng)
    return _finish(images, params.jitter, params, rng)


def _finish(images: Tensor, jitter: float, params: AugmentParams, rng: torch.Generator) -> Tensor:
    images = augmentations.jitter(images, jitter, rng)
    images = augmentations.greyscale(images, params.grey_p, rng)
    images = augmentations.blur(images, params.blur_p, rng)
    images = augmentations.low_resolution(images, params.low_resolution_p, rng)
    images = augmentations.noise(images, params.noise, rng)
    images = augmentations.jpeg(images, params.jpeg_p, rng)
    return augmentations.erase(images, params.erase_p, rng)


def target_view(photos: Tensor, size: int, params: TargetAugmentParams, rng: torch.Generator) -> Tensor:
    """Photos (n, 3, s, s) as training images (n, 3, size, size): a little turned, moved and jittered (weak view)."""
    limits = WarpRange(params.scale, params.rotation_deg, params.shift)
    images = augmentations.warp(photos, size, limits, "border", rng)
    images = augmentations.flip(images, params.flip_p, rng)
    return augmentations.jitter(images, params.jitter, rng)


def strong_target_view(
    photos: Tensor, size: int, params: TargetAugmentParams, source: AugmentParams, rng: torch.Generator
) -> Tensor:
    """A photo changed as much as a render is: the student of self-training sees it, the teacher sees the weak view."""
    return _finish(target_view(photos, size, params, rng), 0.5 * source.jitter, source, rng)


def plain_view(images: UInt8, size: int, background: float) -> Tensor:
    """Images (n, 3 or 4, s, s) without any change but their size; alpha is laid on `background` grey."""
    pictures = torch.from_numpy(np.ascontiguousarray(images)).float().div_(255)
    if pictures.shape[1] == 4:
        pictures = torch.lerp(torch.tensor(background), pictures[:, :3], pictures[:, 3:])
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
