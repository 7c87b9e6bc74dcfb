"""How sure a network is made of photos, from renders that never trained: renders are easier than photos."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest
import torch

from train.data.held_out import HeldOut
from train.model import Model
from train.params import TrainParams
from train.stages.sureness import sureness_on

Float = npt.NDArray[np.float64]


class Says:
    """A model that says of renders what it was told to."""

    def __init__(self, probabilities: Float) -> None:
        self.probabilities = probabilities

    def render_probabilities(self, views: Iterable[torch.Tensor]) -> Float:
        return self.probabilities


def temperature(right: int, wrong: int, confidence: float) -> float | None:
    """Of a model that says class 0 with this confidence of so many renders, which it is right or wrong of."""
    labels = np.array([0] * right + [1] * wrong)
    renders = type("Renders", (), {"rows": labels, "labels": labels, "params": TrainParams(), "views": lambda self: []})
    says = Says(np.tile([confidence, 1 - confidence], (len(labels), 1)))
    return sureness_on(cast("Model", says), cast("HeldOut", cast("Any", renders)())).temperature


def test_a_network_that_is_too_sure_of_renders_is_made_less_sure() -> None:
    found = temperature(right=75, wrong=25, confidence=0.9)
    assert found == pytest.approx(2.0, rel=0.01)  # odds of 9 become 3


@pytest.mark.parametrize("wrong", [0, 5])
def test_renders_make_no_network_surer_of_photos(wrong: int) -> None:
    """All right, or more often than it says: the likelihood would have it surer, without an end in the first case."""
    assert temperature(right=100 - wrong, wrong=wrong, confidence=0.7) == 1.0


def test_without_renders_there_is_none() -> None:
    assert temperature(right=0, wrong=0, confidence=0.7) is None
