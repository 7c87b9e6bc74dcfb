"""The gradients of a step, made the same in all processes.

Those of the backbone, each process's from its share of the batch, are summed by DistributedDataParallel: in buckets,
while the backward pass still computes those of earlier layers. It is only asked to reduce gradients. It wraps no
network, because it would take the mean of losses that each process computes on its share, which for MCC, CDAN or MMD is
another loss; here the losses are of the whole batch, and what goes back into the backbone is their gradient at its
pooled features.

(fully_shard would also spread weights and optimiser over the processes, which networks of this size do not need, and
make them DTensors, which the average of the teacher, SDAT and clipping across backbone and head would have to unlearn.)
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from train.compute.distributed import LEAD, World


class _Parameters(nn.Module):
    """Parameters without a network: what they are used for has been computed already."""

    def __init__(self, parameters: Sequence[nn.Parameter]) -> None:
        super().__init__()
        self.parameters_of_backbone = nn.ParameterList(parameters)

    def forward(self, computed: Tensor) -> Tensor:
        return computed


class GradientExchange:
    """Makes the gradients of `shared` parameters, of which each process of `world` has its share's, their sum, and
    those of `whole` ones, which each has from the whole batch, the lead's: rounding on unlike devices would let the
    processes drift apart.

    A step calls `send_whole` when the gradients of `whole` are there, `in_last_pass` before the last of the backward
    passes that add to those of `shared`, and `finish` after it. Parameters without a gradient stay without one.
    `overlapped`: whether gradients come straight from backward passes; else they are summed by `finish`, all together.
    """

    def __init__(
        self, world: World, shared: Sequence[nn.Parameter], whole: Sequence[nn.Parameter], overlapped: bool
    ) -> None:
        self._world, self._shared, self._whole = world, shared, whole
        self._overlapped = overlapped
        self._reducer: DistributedDataParallel | None = None
        self._sent: tuple[Tensor, list[Tensor], dist.Work | None] | None = None

    def send_whole(self) -> None:
        """Starts to send the lead's gradients of `whole`; nothing may change them until `finish`."""
        gradients = [parameter.grad for parameter in self._whole if parameter.grad is not None]
        if self._world.connected and gradients:
            flat = torch.cat([gradient.flatten() for gradient in gradients])
            with self._world.explained_peer_errors():
                self._sent = flat, gradients, dist.broadcast(flat, LEAD, async_op=True)

    def in_last_pass(self, output: Tensor) -> Tensor:
        """`output` of the network: backpropagating through what is returned sums gradients as they come."""
        return output if self._reducer is None else self._reducer(output)  # type: ignore[no-any-return]

    def finish(self) -> None:
        """Waits until all gradients are the same in all processes."""
        if self._sent is not None:
            flat, gradients, work = self._sent
            with self._world.explained_peer_errors():
                if work is not None:
                    work.wait()
            _copy_back(flat, gradients)
            self._sent = None
        if not self._world.connected or self._reducer is not None:
            return
        with_gradient = [parameter for parameter in self._shared if parameter.grad is not None]
        gradients = [parameter.grad for parameter in with_gradient if parameter.grad is not None]
        if not gradients:
            return
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        with self._world.explained_peer_errors():
            dist.all_reduce(flat)
            _copy_back(flat, gradients)
            if self._overlapped:  # from the next step on, now that it is known which parameters have gradients
                self._reducer = DistributedDataParallel(_Parameters(with_gradient), gradient_as_bucket_view=True)
                self._reducer.register_comm_hook(None, _sum)


def _sum(state, bucket):  # type: ignore[no-untyped-def]  # DistributedDataParallel takes types as strings for others
    """The sum of a bucket, not the mean that DistributedDataParallel takes by itself."""
    work = dist.all_reduce(bucket.buffer(), async_op=True)
    return work.get_future().then(lambda done: done.value()[0])


def _copy_back(flat: Tensor, gradients: Sequence[Tensor]) -> None:
    pieces = torch.split(flat, [gradient.numel() for gradient in gradients])
    for gradient, piece in zip(gradients, pieces, strict=True):
        gradient.copy_(piece.view_as(gradient))
