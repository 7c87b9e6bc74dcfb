"""The part of a batch's draws that concerns some of its images: several processes each make their own ones, of draws
that all have alike, and the images are those that one process would have made.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

import torch
from torch import Tensor


def own_rows[T](draws: T, first: int, last: int) -> T:
    """`draws` (a tree of dataclasses, see `train.data.draws`) of n images for those from `first` up to `last` alone.

    What a draw holds has an entry for each image, unless a field before it ends in `rows`: then it has one for each of
    these numbers of images. Numbers and words concern all images. A draw may know better, by an `own_rows` of its own.

    >>> from train.data.augmentations import Greyscale
    >>> own_rows(Greyscale(torch.tensor([0, 3, 4])), first=2, last=4)
    Greyscale(rows=tensor([1]))
    """
    if hasattr(draws, "own_rows"):
        return draws.own_rows(first, last)  # type: ignore[no-any-return]
    if not is_dataclass(draws) or isinstance(draws, type):
        return draws
    kept = torch.arange(first, last)
    changes: dict[str, Any] = {}
    for field in fields(draws):
        value = getattr(draws, field.name)
        if field.name.endswith("rows"):
            numbers = torch.as_tensor(value, dtype=torch.int64)
            kept = ((numbers >= first) & (numbers < last)).nonzero().flatten()
            ours = numbers[kept] - first
            changes[field.name] = tuple(ours.tolist()) if isinstance(value, tuple) else ours
        elif isinstance(value, Tensor):
            changes[field.name] = value[kept]
        elif isinstance(value, tuple):
            changes[field.name] = tuple(value[number] for number in kept.tolist())
        else:
            changes[field.name] = own_rows(value, first, last)
    return replace(draws, **changes)
