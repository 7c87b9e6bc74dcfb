"""Images of training steps made in a thread ahead of time, made in the loop, and made by a run that goes on at a later
step: the same, to the bit.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.train.methods.test_methods_adapt import SIZE, domains
from train.loop.schedule import Schedule
from train.loop.step_images import StepImages, prefetched, step_images
from train.params import TrainParams

PARAMS = TrainParams(image_size=SIZE, batch_size=4)
SCHEDULE = Schedule(steps=5, source_only_share=0.4)  # two steps of renders alone


def made(first: int = 0) -> list[StepImages]:
    return list(step_images(*domains(), PARAMS, SCHEDULE, [], first))


def assert_equal(ours: list[StepImages], theirs: list[StepImages]) -> None:
    for one, other in zip(ours, theirs, strict=True):
        assert torch.equal(one.images, other.images) and torch.equal(one.labels, other.labels)
        assert (one.weak is None) == (other.weak is None) and one.progress == other.progress
        if one.weak is not None and other.weak is not None:
            assert torch.equal(one.weak, other.weak)
        np.testing.assert_array_equal(one.extents, other.extents)


def test_in_a_thread_and_in_the_loop() -> None:
    ours = made()
    assert [step.weak is None for step in ours] == [True, True, False, False, False]
    assert_equal(ours, list(prefetched(step_images(*domains(), PARAMS, SCHEDULE, []))))


@pytest.mark.parametrize("first", [1, 3])
def test_from_the_start_and_from_a_later_step(first: int) -> None:
    assert_equal(made()[first:], made(first))
