"""How often a step copies to the device and waits for it, counted on PyTorch's `meta` device: tensors without numbers
cannot be read, so whatever would stop a GPU fails here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from tests.train.methods.test_methods_adapt import CLASSES, SIZE, STRENGTHS, domains
from train.data import augmentations
from train.loop import adaptation
from train.loop.adaptation import Adaptation, adapt
from train.loop.course import EpochEnd
from train.methods import FOR_VISION_TRANSFORMERS, METHODS
from train.networks.new_network import new_network
from train.params import AdaptParams, TrainParams
from train.sizes.possible_sizes import Sizes
from train.sizes.size_prior import SizePrior

STEPS = 2
THERE = torch.device("meta")


class CountCopies(TorchDispatchMode):
    """Copies from the CPU to the device while it is active."""

    def __init__(self) -> None:
        super().__init__()
        self.copies = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if "copy" in str(func) and isinstance(result, torch.Tensor) and result.is_meta:
            source = args[1] if "copy_" in str(func) and "_to_copy" not in str(func) else args[0]
            self.copies += source.device.type == "cpu"
        return result


class CountReads:
    """Stands in for `ReadLater`: there is nothing to read."""

    count = 0
    ready = True

    def __init__(self, numbers: torch.Tensor) -> None:
        self.size = len(numbers)

    def values(self) -> list[float]:
        CountReads.count += 1
        return [0.0] * self.size


def sizes() -> SizePrior:
    seen = Sizes(np.zeros((CLASSES, 2)), np.arange(CLASSES), np.ones(CLASSES), None)
    return SizePrior(seen, CLASSES, factor=0.0, spread=0.1)


def counted(methods: dict[str, float], prior: SizePrior | None, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Copies to the device and reads from it in STEPS steps of both domains."""
    monkeypatch.setattr(augmentations, "normal_there", lambda like, seed: torch.empty_like(like))
    monkeypatch.setattr(adaptation, "ReadLater", CountReads)
    monkeypatch.setattr(torch, "autocast", lambda *arguments, **named: nullcontext())  # knows no such device

    def one_thread(items: Iterator[Any], device: torch.device) -> Iterator[Any]:
        counter.copies = 0  # before the first step networks of the methods move, once
        return items  # what counts sees one thread only

    monkeypatch.setattr(adaptation, "prefetched", one_thread)
    CountReads.count, counter = 0, CountCopies()
    network = new_network("test_efficientnet", "random", CLASSES, SIZE).to(THERE)
    stage = AdaptParams(methods=methods, source_only_share=0.0)
    params = TrainParams(
        image_size=SIZE, batch_size=4, epochs=1, steps_per_epoch=STEPS, precision="float32", adapt=stage
    )
    with counter:
        adapt(
            Adaptation(network, *domains(), params), lambda epoch, averaged, losses: EpochEnd(prior), size_prior=prior
        )
    return counter.copies, CountReads.count


def test_the_default_methods_copy_once_and_wait_once_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    assert counted(AdaptParams().methods, None, monkeypatch) == (STEPS, STEPS)


def test_sizes_cost_one_more_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    assert counted(AdaptParams().methods, sizes(), monkeypatch) == (2 * STEPS, STEPS)


@pytest.mark.parametrize("name", sorted(set(METHODS) - FOR_VISION_TRANSFORMERS))
def test_no_method_waits_or_copies_more_than_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Singular values (bnm, bsp) make cuSOLVER wait, which this device does not show."""
    copies, reads = counted({name: STRENGTHS.get(name, 1.0)}, None, monkeypatch)
    assert copies <= 2 * STEPS and reads == STEPS
