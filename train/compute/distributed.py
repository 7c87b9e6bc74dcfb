"""Training by several processes (`torchrun`): each takes its share of every batch through the backbone.

What needs the whole batch gets the whole batch: pooled features are gathered, so that statistics of the domains, MCC,
CDAN or MMD are those of one process with the same batch, and every process computes them. Their gradient is cut into
the same shares again, and the backbone's gradients are summed. So the result is that of one process whose replicas cut
the batch alike, on a CPU to the bit. (DistributedDataParallel averages losses of shares, which is another loss for all
of these.)
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from cad2real.errors import UserError

LEAD = 0
TIMEOUT = timedelta(hours=1)  # the lead may decode all pictures meanwhile; a process that died is noticed at once


@dataclass(frozen=True)
class World:
    """The processes of one training run, of which this is number `rank` of `size`. Rank 0 leads: it alone writes.

    All methods but `shard` and `leads` are collective: every process calls them, in the same order. They raise
    UserError when another process has ended.
    """

    rank: int
    size: int

    @property
    def leads(self) -> bool:
        return self.rank == LEAD

    def shard(self, rows: Tensor) -> Tensor:
        """Of rows (n, ...) those of this process, at most one fewer than others have; with few rows perhaps none.

        >>> [World(rank, size=2).shard(torch.arange(5)).tolist() for rank in range(2)]
        [[0, 1, 2], [3, 4]]
        """
        return rows.tensor_split(self.size)[self.rank]

    def gather(self, shard: Tensor, total: int) -> Tensor:
        """All `total` rows in order, without gradient, from every process's `shard` of them."""
        if self.size == 1:
            return shard
        most = -(-total // self.size)  # every process sends as many rows: collectives want equal shapes
        padded = shard.new_zeros((most, *shard.shape[1:]))
        padded[: len(shard)] = shard.detach()
        parts = [torch.empty_like(padded) for _ in range(self.size)]
        with self._explain_peer_errors():
            dist.all_gather(parts, padded)
        counts = [len(rows) for rows in torch.empty(total).tensor_split(self.size)]
        return torch.cat([part[:count] for part, count in zip(parts, counts, strict=True)])

    def broadcast_tensor(self, values: Tensor) -> Tensor:
        """The lead's `values`, on every process, which has values of the same shape: rounding on unlike devices would
        let the processes drift apart.
        """
        if self.size == 1:
            return values
        values = values.contiguous()
        with self._explain_peer_errors():
            dist.broadcast(values, LEAD)
        return values

    def sum_gradients(self, shared: Iterable[nn.Parameter], whole: Iterable[nn.Parameter]) -> None:
        """Gradients of `shared` parameters, each process's from its share of the batch, become their sum; those of
        `whole` ones, which every process has from the whole batch, become the lead's.
        """
        if self.size == 1:
            return
        replicated = [parameter.grad for parameter in whole if parameter.grad is not None]
        for gradient in replicated:
            if not self.leads:
                gradient.zero_()
        gradients = [*(parameter.grad for parameter in shared if parameter.grad is not None), *replicated]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        with self._explain_peer_errors():
            dist.all_reduce(flat)
        pieces = torch.split(flat, [gradient.numel() for gradient in gradients])
        for gradient, piece in zip(gradients, pieces, strict=True):
            gradient.copy_(piece.view_as(gradient))

    def broadcast_from_lead[T](self, make: Callable[[], T]) -> T:
        """What `make` returns on the lead, on every process; only the lead calls it. A UserError in it is raised on all
        of them.
        """
        if self.size == 1:
            return make()
        result_and_error: list[Any] = [None, None]
        if self.leads:
            try:
                result_and_error[0] = make()
            except UserError as error:
                result_and_error[1] = (error.what, error.remedy)
        with self._explain_peer_errors():
            dist.broadcast_object_list(result_and_error, LEAD)
        result, error_text = result_and_error
        if error_text is not None:
            raise UserError(*error_text)
        return result  # type: ignore[no-any-return]

    @contextmanager
    def lead_first(self) -> Iterator[None]:
        """The lead does the block before the others do: it fills caches that they then find."""
        if not self.leads:
            self._barrier()
        yield
        if self.leads:
            self._barrier()

    def _barrier(self) -> None:
        if self.size > 1:
            with self._explain_peer_errors():
                dist.barrier()

    @contextmanager
    def _explain_peer_errors(self) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:
            raise UserError(
                f"Process {self.rank + 1} of {self.size}: another process of this training has ended or does not "
                f"answer ({str(error).splitlines()[0]}).",
                "Its own message, or torchrun's, says why; the same command goes on after the last finished epoch.",
            ) from error


ALONE = World(0, 1)


@contextmanager
def torchrun_world() -> Iterator[World]:
    """Yields the processes that `torchrun` started together with this one, or `ALONE`. Inside only the lead prints.

    Uses gloo on CPUs and NCCL on GPUs; each process takes a GPU of its own. Raises UserError when there are too few.
    """
    size, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    if size == 1:
        yield ALONE
        return
    with_gpus = torch.cuda.is_available()
    if with_gpus:
        local = int(os.environ.get("LOCAL_RANK", "0"))
        if local >= torch.cuda.device_count():
            raise UserError(
                f"Process {rank + 1} of {size} has no GPU: this machine has {torch.cuda.device_count()}.",
                "Start as many processes a machine as it has GPUs (torchrun --nproc-per-node).",
            )
        torch.cuda.set_device(local)
    with ExitStack() as stack:
        before = signal.signal(signal.SIGTERM, _stop)
        stack.callback(signal.signal, signal.SIGTERM, before)
        dist.init_process_group("cpu:gloo,cuda:nccl" if with_gpus else "gloo", timeout=TIMEOUT)
        stack.callback(dist.destroy_process_group)
        if rank != LEAD:
            null = stack.enter_context(Path(os.devnull).open("w"))
            stack.enter_context(redirect_stdout(null))
            stack.enter_context(redirect_stderr(null))
        yield World(rank, size)


def refuse_torchrun(command: str) -> None:
    """Raises UserError in a process that `torchrun` started with others, for a `command` that runs in one process."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise UserError(f"`{command}` runs in one process.", "Start it without torchrun.")


def _stop(number: int, frame: FrameType | None) -> None:
    """What SIGTERM does: torchrun sends it to the others when one process has ended."""
    sys.stderr.flush()
    raise UserError(
        f"Process {int(os.environ['RANK']) + 1} of {os.environ['WORLD_SIZE']} was told to stop, as is done when "
        "another process has ended.",
        "Its own message, or torchrun's, says why; the same command goes on after the last finished epoch.",
    )
