"""Copies between the CPU and the device that networks run on: few, large, and none that waits for the device.

A copy of pageable memory stops the thread that asks for it until the device has done all that it was asked before. So
what goes to the device goes packed, from pinned memory; what comes back is asked for now and read a step later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import torch
from torch import Tensor

ALIGNMENT = 16  # bytes, so that a piece of any type may begin there


def tensors_in(tree: Any) -> Iterator[Tensor]:
    """All tensors of a tree of dataclasses, tuples and lists, in a fixed order.

    >>> [len(tensor) for tensor in tensors_in((torch.zeros(2), ["text", torch.zeros(3)]))]
    [2, 3]
    """
    if isinstance(tree, Tensor):
        yield tree
    elif isinstance(tree, (tuple, list)):
        for item in tree:
            yield from tensors_in(item)
    elif is_dataclass(tree):
        for field in fields(tree):
            yield from tensors_in(getattr(tree, field.name))


def moved[T](tree: T, device: torch.device | None) -> T:
    """`tree` with all its tensors, which lie on the CPU, on `device` (None: the CPU), in one copy.

    The copy is queued on the current stream: what is computed there afterwards sees the tensors.

    >>> moved((torch.arange(3), "text"), torch.device("meta"))[0].device.type
    'meta'
    """
    if device is None or device.type == "cpu":
        return tree
    starts, size = [], 0
    tensors = list(tensors_in(tree))
    for tensor in tensors:
        starts.append(size)
        size += -(-tensor.nbytes // ALIGNMENT) * ALIGNMENT
    packed = torch.empty(size, dtype=torch.uint8, pin_memory=device.type == "cuda")
    for start, tensor in zip(starts, tensors, strict=True):
        _piece(packed, start, tensor).copy_(tensor)
    there = packed.to(device, non_blocking=True)
    pieces = iter([_piece(there, start, tensor) for start, tensor in zip(starts, tensors, strict=True)])
    return _with_tensors(tree, lambda tensor: next(pieces))  # type: ignore[no-any-return]


def _piece(packed: Tensor, start: int, like: Tensor) -> Tensor:
    return packed[start : start + like.nbytes].view(like.dtype).view(like.shape)


def _with_tensors(tree: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """`tree` with every tensor changed, in the order of `tensors_in`."""
    if isinstance(tree, Tensor):
        return change(tree)
    if isinstance(tree, (tuple, list)):
        return type(tree)(_with_tensors(item, change) for item in tree)
    if is_dataclass(tree) and not isinstance(tree, type):
        names = [field.name for field in fields(tree)]
        return replace(tree, **{name: _with_tensors(getattr(tree, name), change) for name in names})
    return tree


class ReadLater:
    """Numbers on their way to the CPU: `values()` waits until they are there, and no longer."""

    def __init__(self, numbers: Tensor) -> None:
        self._event: torch.cuda.Event | None = None
        if numbers.device.type != "cuda":
            self._numbers = numbers.detach().cpu()
            return
        self._numbers = torch.empty(numbers.shape, dtype=numbers.dtype, pin_memory=True)
        self._numbers.copy_(numbers.detach(), non_blocking=True)
        self._event = torch.cuda.Event()  # type: ignore[no-untyped-call]
        self._event.record()

    @property
    def ready(self) -> bool:
        """Whether they were there at once: they came from a CPU."""
        return self._event is None

    def values(self) -> list[float]:
        """The numbers (n,).

        >>> ReadLater(torch.tensor([0.5, 2.0])).values()
        [0.5, 2.0]
        """
        if self._event is not None:
            self._event.synchronize()
        return self._numbers.tolist()  # type: ignore[no-any-return]
