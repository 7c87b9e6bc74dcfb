"""Digits as the two domains of an adaptation: MNIST as renders, USPS or MNIST-M as photos.

The folder holds mnist5k.npz, usps.npz and mnist_m.npz with arrays `images` and `labels` (USPS also `test_images` and
`test_labels`). Target labels are in `Pair.truth` only, which nothing that trains or selects is given.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere

from train.data.datasets import SourceDomain, TargetDomain

SIDE = 32
CANVAS = 38  # a margin, so that no turned or moved digit is cut
HELD_OUT = 0.1
CLASSES = tuple("0123456789")
PAIRS = ("usps", "mnist_m")

UInt8 = npt.NDArray[np.uint8]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Pair:
    """MNIST and another set of digits. `target` is what adaptation sees, without labels; `scored` (m, 3, 32, 32) are
    the pictures whose classes `truth` (m,) score it.
    """

    name: str
    source: SourceDomain
    target: TargetDomain
    scored: UInt8
    truth: Int64


def read_pair(folder: Path, name: str, seed: int = 0) -> Pair:
    """MNIST (5,000) -> `name`, one of PAIRS. USPS: adapts to the 7,291 training pictures, scored on the 2,007 test
    pictures. MNIST-M: transductive, adapts to all 6,000 pictures and is scored on the same.
    """
    if name == "usps":
        with np.load(folder / "usps.npz") as data:
            seen, scored, truth = data["images"], data["test_images"], data["test_labels"]
    else:
        with np.load(folder / "mnist_m.npz") as data:
            seen = scored = data["images"]
            truth = data["labels"]
    return Pair(name, read_mnist(folder, seed), target_domain(seen), as_rgb(scored), truth.astype(np.int64))


def read_mnist(folder: Path, seed: int) -> SourceDomain:
    """MNIST as renders are: white strokes whose brightness is alpha, nothing behind them. A tenth never trains."""
    with np.load(folder / "mnist5k.npz") as data:
        grey, labels = data["images"], data["labels"].astype(np.int64)
    edge = (CANVAS - grey.shape[-1]) // 2
    alpha = np.pad(grey, ((0, 0), (edge, edge), (edge, edge)))
    held_out = np.random.default_rng(seed).permutation(len(labels)) < HELD_OUT * len(labels)
    white = np.full((len(labels), 3, CANVAS, CANVAS), 255, np.uint8)
    images = np.concatenate([white, alpha[:, None]], axis=1)
    names = tuple(CLASSES[label] for label in labels)
    views = tuple(Path(f"{number}.png") for number in range(len(labels)))
    return SourceDomain(images, labels, held_out, CLASSES, names, views)


def target_domain(images: UInt8) -> TargetDomain:
    names = tuple(f"{number}.png" for number in range(len(images)))
    return TargetDomain(as_rgb(images), names, np.full((len(images), 2), math.nan))


def as_rgb(images: UInt8) -> UInt8:
    """Pictures (n, s, s) or (n, s, s, 3) as (n, 3, SIDE, SIDE)."""
    pictures = torch.from_numpy(np.ascontiguousarray(images)).float()
    pictures = pictures.permute(0, 3, 1, 2) if pictures.dim() == 4 else pictures.unsqueeze(1).expand(-1, 3, -1, -1)
    if pictures.shape[-1] != SIDE:
        pictures = F.interpolate(pictures, size=(SIDE, SIDE), mode="bicubic", align_corners=False)
    rgb: UInt8 = pictures.round().clamp(0, 255).byte().contiguous().numpy()
    return rgb
