"""Which passes are recorded and replayed as CUDA graphs; what replays them is a stand-in, which needs no GPU."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from train.compute import cuda_graphs
from train.compute.cuda_graphs import GraphedPasses

IMAGES, OTHERS = torch.zeros(4, 3, 8, 8), torch.zeros(2, 3, 8, 8)
BACKBONE = nn.Identity()


class Passes:
    """How often images were looked at, recorded and replayed; recordings fail with `error` where it is set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.said: list[str] = []
        self.error: RuntimeError | None = None
        monkeypatch.setattr(cuda_graphs, "record", self._record)
        monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: (0, 1))
        self.graphs = GraphedPasses(self._look)

    def _look(self, backbone: nn.Module, images: Tensor) -> Tensor:
        self.said.append("looked")
        return images.mean((1, 2, 3))

    def _record(self, network_pass: nn.Module, images: Tensor, pool: object) -> Callable[[Tensor], Tensor]:
        if self.error is not None:
            raise self.error
        self.said.append("recorded")

        def replay(images: Tensor) -> Tensor:
            self.said.append("replayed")
            return images.mean((1, 2, 3))

        return replay

    def step(self, *batches: Tensor) -> list[str]:
        """What was done for the passes of a step, whose backward passes follow after them."""
        self.said.clear()
        for images in batches:
            assert self.graphs(BACKBONE, images).shape == (len(images),)
        self.graphs.release()
        return [*self.said]


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> Passes:
    return Passes(monkeypatch)


def test_the_second_pass_of_a_shape_is_recorded_and_those_after_it_replayed(passes: Passes) -> None:
    assert passes.step(IMAGES) == ["looked"]
    assert passes.step(IMAGES) == ["recorded", "replayed"]
    assert passes.step(IMAGES) == ["replayed"]
    assert passes.step(OTHERS) == ["looked"]  # photos have joined
    assert passes.step(OTHERS) == ["recorded", "replayed"]
    assert passes.step(IMAGES) == ["replayed"]


def test_a_pass_while_another_waits_for_its_backward_pass_is_not_replayed(passes: Passes) -> None:
    """It would overwrite what that one needs."""
    for _ in range(3):
        passes.step(IMAGES, IMAGES, OTHERS)
    assert passes.step(IMAGES, IMAGES, OTHERS) == ["replayed", "looked", "looked"]


def test_passes_without_gradient_do_not_wait(passes: Passes) -> None:
    with torch.no_grad():
        passes.step(IMAGES, IMAGES)
        assert passes.step(IMAGES, IMAGES) == ["replayed", "replayed"]
    assert passes.step(IMAGES) == ["looked"]  # with gradient it is another recording


def test_a_network_that_cannot_be_recorded_goes_on_without_and_says_so_once(
    passes: Passes, capsys: pytest.CaptureFixture[str]
) -> None:
    passes.error = RuntimeError("operation not permitted when stream is capturing\nCUDA kernel errors might be")
    assert [passes.step(IMAGES, OTHERS) for _ in range(3)] == [["looked", "looked"]] * 3
    assert capsys.readouterr().err.splitlines() == [
        "train: no CUDA graphs, kernels are asked for one by one (operation not permitted when stream is capturing)."
    ]
