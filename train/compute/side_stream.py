"""Work that a GPU does beside the training step: its kernels are queued on a stream of their own, and those of the step
come first.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from train.compute.copies import tensors_in

QUEUEING = threading.Lock()
"""Held while a side stream's kernels are queued, and while a CUDA graph is recorded, which nothing may disturb."""


@dataclass(frozen=True)
class Made[T]:
    """An item whose tensors are complete when `event` has happened (None: they are)."""

    item: T
    event: torch.cuda.Event | None


class SideStream:
    """Makes items of tensors on `device` beside what its current stream does. On a CPU (None, too) nothing special."""

    def __init__(self, device: torch.device | None) -> None:
        self._stream: torch.cuda.Stream | None = None
        if device is not None and device.type == "cuda":
            self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]

    def make[T](self, items: Iterator[T]) -> Made[T] | None:
        """The next item, None after the last; its kernels are queued, not finished."""
        if self._stream is None:
            item = next(items, None)
            return None if item is None else Made(item, None)
        with QUEUEING, torch.cuda.stream(self._stream):
            item = next(items, None)
            return None if item is None else Made(item, self._stream.record_event())

    def hand_over[T](self, made: Made[T]) -> T:
        """The item, for the current stream of the calling thread: that waits for it, not the thread."""
        if made.event is not None:
            current = torch.cuda.current_stream()
            current.wait_event(made.event)
            for tensor in tensors_in(made.item):
                if tensor.is_cuda:
                    tensor.record_stream(current)  # its memory is not given away before the current stream is done
        return made.item


@contextmanager
def ahead_of_side_streams(device: torch.device) -> Iterator[None]:
    """What is computed in the block on a GPU goes before what a `SideStream` does, which fills the gaps. On a CPU
    nothing changes.
    """
    if device.type != "cuda":
        yield
        return
    outer, preferred = torch.cuda.current_stream(device), torch.cuda.Stream(device, priority=-1)  # type: ignore[no-untyped-call]
    preferred.wait_stream(outer)
    with torch.cuda.stream(preferred):
        yield
    outer.wait_stream(preferred)
