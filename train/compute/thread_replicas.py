"""Data parallelism within one process: on a CPU, each thread runs its share of the batch through a replica of its own.

PyTorch's own threads split each small layer and wait for each other; a thread that takes whole images does not. How
much that gains depends on the machine (on two hyper-threads of one core perhaps a third). The result does not depend on
timing: shares are cut by position and gradients are added in a fixed order. Other devices use one replica.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import nn

from train.compute.allocator import keep_freed_memory

Tensor = torch.Tensor


class ThreadReplicas:
    """`count` replicas of `module` (itself the first) that share its parameters and buffers, each run by a thread.

    The module must not change its buffers in a forward pass (batch normalisation in evaluation mode).
    """

    def __init__(self, module: nn.Module, count: int) -> None:
        keep_freed_memory()
        self.replicas = [module, *(self._replica(module) for _ in range(count - 1))]
        self._parameters = [list(replica.parameters()) for replica in self.replicas]  # every step needs them
        self._pool = ThreadPoolExecutor(count) if count > 1 else None
        if count > 1:
            torch.set_num_threads(1)

    @staticmethod
    def _replica(module: nn.Module) -> nn.Module:
        replica = copy.deepcopy(module)
        for copied, shared in zip(replica.parameters(), module.parameters(), strict=True):
            copied.data = shared.data
        for copied_buffer, shared_buffer in zip(replica.buffers(), module.buffers(), strict=True):
            copied_buffer.data = shared_buffer.data
        return replica

    @property
    def count(self) -> int:
        return len(self.replicas)

    def _map[T](self, jobs: Sequence[Callable[[], T]]) -> list[T]:
        if self._pool is None:
            return [job() for job in jobs]
        return [future.result() for future in [self._pool.submit(job) for job in jobs]]

    def map_images(self, images: Tensor, function: Callable[[nn.Module, Tensor], Tensor]) -> Tensor:
        """`function(replica, share)` on equal shares of `images`, without gradients; results joined in order."""
        shares = images.chunk(self.count)

        def job(replica: nn.Module, share: Tensor) -> Callable[[], Tensor]:
            def run() -> Tensor:
                with torch.no_grad():
                    return function(replica, share)

            return run

        return torch.cat(
            self._map([job(replica, share) for replica, share in zip(self.replicas, shares, strict=False)])
        )

    def forward(self, images: Tensor, function: Callable[[nn.Module, Tensor], Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Like `map_images`, with gradients: the joined result is a leaf; give its gradient and the list to
        `backward`.
        """
        shares = images.chunk(self.count)

        def job(replica: nn.Module, share: Tensor) -> Callable[[], Tensor]:
            return lambda: function(replica, share)

        outputs = self._map([job(replica, share) for replica, share in zip(self.replicas, shares, strict=False)])
        return torch.cat([output.detach() for output in outputs]).requires_grad_(), outputs

    def backward(self, gradient: Tensor, outputs: list[Tensor]) -> None:
        """Backpropagates the joined result's gradient through every replica; `collect_gradients` adds up what that
        leaves there.
        """
        shares = torch.split(gradient, [len(output) for output in outputs])

        def job(output: Tensor, share: Tensor) -> Callable[[], None]:
            return lambda: torch.autograd.backward(output, share)

        self._map([job(output, share) for output, share in zip(outputs, shares, strict=True)])

    def collect_gradients(self) -> None:
        """Adds the gradients that `backward` left in the replicas, in their order, to the module's own."""
        own, *others = self._parameters
        for theirs in others:
            for parameter, copied in zip(own, theirs, strict=True):
                if copied.grad is None:
                    continue
                if parameter.grad is None:
                    parameter.grad = copied.grad
                else:
                    parameter.grad.add_(copied.grad)
                copied.grad = None
