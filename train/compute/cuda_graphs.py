"""A network's passes as CUDA graphs: a processor asks a GPU once for what it would ask for kernel by kernel.

To ask for a kernel takes a processor ten microseconds and more. A step of a SwinV2-B has thousands, one of a small CNN
has kernels that are shorter than that: then the GPU waits for the processor, which makes images besides. Recorded once
(PyTorch's `make_graphed_callables`), a pass forth and a pass back are two calls.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import get_gradient_edge

from train.compute.side_stream import QUEUEING

type Look = Callable[[nn.Module, Tensor], Tensor]
"""What is asked of a backbone (or a replica of it) for images: a row for each."""
type _Shape = tuple[tuple[int, ...], bool]


class GraphedPasses:
    """`look` (what is asked of a backbone on a GPU for images) with the same results, replayed where it can be.

    A number of images is looked at as ever the first time, which also lets kernels be chosen, and recorded the second
    time. All recordings share their memory: between a forward pass and the end of its backward passes (`release`) it
    holds what the latter need, so further passes in between are not replayed. A network that cannot be recorded (it
    reads a number back, or memory is short) is never asked again to be; that is said once on standard error.

    The backbone must draw no random numbers, and its parameters must stay where they are in memory.
    """

    def __init__(self, look: Look) -> None:
        self._look = look
        self._seen: set[_Shape] = set()
        self._recorded: dict[_Shape, Callable[[Tensor], Tensor]] = {}
        self._pool: Any = None  # PyTorch's type of it is private
        self._accumulators: list[Any] = []
        self._in_flight = self._refused = False

    def __call__(self, backbone: nn.Module, images: Tensor) -> Tensor:
        """`look(backbone, images)`; of a pass without gradient the result is gone with the next call."""
        trains = torch.is_grad_enabled()
        shape = tuple(images.shape), trains
        if self._in_flight or self._refused:
            return self._look(backbone, images)
        if shape not in self._seen:
            self._seen.add(shape)
            self._keep_accumulators(backbone)
            return self._look(backbone, images)
        if shape not in self._recorded and not self._record(backbone, images, shape):
            return self._look(backbone, images)
        self._in_flight = trains
        return self._recorded[shape](images)

    def release(self) -> None:
        """All backward passes are done."""
        self._in_flight = False

    def _keep_accumulators(self, backbone: nn.Module) -> None:
        """Lets gradients add up on the stream of the training: what does that belongs to the stream on which it was
        first asked for, which else would be that of the recording.
        """
        if not self._accumulators and torch.is_grad_enabled():
            trained = [parameter for parameter in backbone.parameters() if parameter.requires_grad]
            self._accumulators = [get_gradient_edge(parameter).node for parameter in trained]

    def _record(self, backbone: nn.Module, images: Tensor, shape: _Shape) -> bool:
        try:
            with QUEUEING:  # nothing else may be asked of the GPU meanwhile
                self._pool = self._pool or torch.cuda.graph_pool_handle()
                self._recorded[shape] = record(_Pass(backbone, self._look), images, self._pool)
        except RuntimeError as error:  # PyTorch has no type of its own for it
            self._refused = True
            reason = str(error).strip().partition("\n")[0]
            print(f"train: no CUDA graphs, kernels are asked for one by one ({reason}).", file=sys.stderr)
            return False
        return True


class _Pass(nn.Module):
    """A look at the backbone as a module with its parameters."""

    def __init__(self, backbone: nn.Module, look: Look) -> None:
        super().__init__()
        self.backbone, self._look = backbone, look

    def forward(self, images: Tensor) -> Tensor:
        return self._look(self.backbone, images)


def record(network_pass: nn.Module, images: Tensor, pool: Any) -> Callable[[Tensor], Tensor]:
    """What replays `network_pass` for images of the shape of `images`, in the memory `pool`. Raises RuntimeError."""
    sample = (images.detach().clone(),)
    with warnings.catch_warnings():
        # It is recorded on another stream than it is replayed on, where gradients do not add up yet.
        warnings.filterwarnings("ignore", "The AccumulateGrad node's stream")
        return torch.cuda.make_graphed_callables(  # type: ignore[return-value]
            network_pass, sample, allow_unused_input=True, pool=pool
        )
