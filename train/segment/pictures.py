"""Pictures to train on: the finder's composites with the class of every pixel, and pieces of unlabelled photos."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from train.find.camera import photographed
from train.find.composites import Composite, Sources, composite
from train.find.photo_scenes import NEAREST_SHARE
from train.losses.self_training import IGNORED

UInt8 = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class LabelledSources:
    """`sources` of composites, and the class (n,) from 1 that each of their renders shows."""

    sources: Sources
    classes: npt.NDArray[np.int64]


@dataclass(frozen=True)
class PhotoPiece:
    """A piece of a photo (3, s, s) uint8 as it is (`weak`), and as another phone would have taken it (`strong`)."""

    weak: UInt8
    strong: UInt8


def class_map(one: Composite, classes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The class of each pixel (s, s) of a composite whose renders have these `classes`: 0 where no part is seen,
    `IGNORED` where nobody is asked.
    """
    of_instance = np.array([0, *(classes[render] for render in one.renders), IGNORED], np.int64)
    return of_instance[one.instances]  # -1, where nobody is asked, looks up the last one


def labelled_composite(
    labelled: LabelledSources, size: int, seed: int, number: int
) -> tuple[UInt8, npt.NDArray[np.int64]]:
    """Composite `number` of the run `seed` (3, size, size), and its class map (size, size)."""
    one = composite(labelled.sources, size, seed, number)
    return one.picture, class_map(one, labelled.classes)


def photo_piece(photos: UInt8, size: int, seed: int, number: int) -> PhotoPiece:
    """A piece of one of the `photos` (m, 3, t, t), turned and mirrored, as `size` x `size` pixels. Depends on (seed,
    number) and the photos only.
    """
    rng = np.random.default_rng([seed, number])
    photo = photos[int(rng.integers(len(photos)))]
    full = photo.shape[1]
    side = max(1, int(full * rng.uniform(NEAREST_SHARE, 1)))
    top, left = (int(value) for value in rng.integers(0, full - side + 1, 2))
    shown = photo[:, top : top + side, left : left + side].transpose(1, 2, 0)
    turned = np.rot90(shown, int(rng.integers(4)))
    turned = turned[:, ::-1] if rng.random() < 0.5 else turned
    piece = Image.fromarray(np.ascontiguousarray(turned)).resize((size, size), Image.Resampling.BICUBIC)
    weak = np.asarray(piece)
    strong = photographed(np.asarray(weak, np.float32) / 255, rng)
    return PhotoPiece(weak.transpose(2, 0, 1).copy(), strong.transpose(2, 0, 1).copy())


def as_tensor(pictures: list[UInt8], device: torch.device) -> Tensor:
    """Pictures (3, s, s) uint8 as one tensor (n, 3, s, s) in [0, 1]."""
    values = torch.from_numpy(np.stack(pictures)).to(device).float().div_(255)
    return values.contiguous(memory_format=torch.channels_last)
