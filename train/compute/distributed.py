"""Training by several processes (`torchrun`): each takes its share of every batch through the backbone.

What needs the whole batch gets the whole batch: pooled features are gathered, so that statistics of the domains, MCC,
CDAN or MMD are those of one process with the same batch, and every process computes them. Their gradient is cut into
the same shares again, and the backbone's gradients are summed (`train.compute.gradient_exchange`). So the result is
that of one process whose replicas cut the batch alike, on a CPU to the bit.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any, cast

import torch
import torch.distributed as dist
from torch import Tensor

from cad2real.errors import UserError
from train.compute.peers import REMEDY, PeerWatch, comes_from_peers, connect_all, gone, reason

LEAD = 0
# How long a process may answer late. One that has ended is noticed at once in any case.
COLLECTIVE = timedelta(minutes=10)  # in a step: another may compile its first one, the lead may write a checkpoint
LEADS_WORK = timedelta(days=1)  # the lead may decode all pictures meanwhile, or score an epoch


@dataclass(frozen=True)
class World:
    """The processes of one training run, of which this is number `rank` of `size`. Rank 0 leads: it alone writes.

    All methods but `shard`, `rows` and `leads` are collective: every process calls them, in the same order. They raise
    UserError when another process has ended, and this process's own errors as they are. `patient` is the group (gloo)
    in which the others wait for what the lead alone does.
    """

    rank: int
    size: int
    patient: dist.ProcessGroup | None = None

    @property
    def leads(self) -> bool:
        return self.rank == LEAD

    @property
    def connected(self) -> bool:
        """Whether there is anyone to talk to; a world of one that tests set up (NCCL on one card) talks to itself."""
        return self.size > 1 or self.patient is not None

    def shard(self, rows: Tensor) -> Tensor:
        """Of rows (n, ...) those of this process, at most one fewer than others have; with few rows perhaps none.

        >>> [World(rank, size=2).shard(torch.arange(5)).tolist() for rank in range(2)]
        [[0, 1, 2], [3, 4]]
        """
        return rows[self.rows(len(rows))]

    def rows(self, total: int) -> slice:
        """Which of `total` rows those are."""
        each, more = divmod(total, self.size)
        first = self.rank * each + min(self.rank, more)
        return slice(first, first + each + (self.rank < more))

    def whole(self, rows: Tensor, total: int) -> Tensor:
        """All `total` rows, without gradient, of which `rows` (n, ...) are all or this process's share."""
        return rows if len(rows) == total else self.gather(rows, total)

    def gather(self, shard: Tensor, total: int) -> Tensor:
        """All `total` rows in order, without gradient, from every process's `shard` of them."""
        if not self.connected:
            return shard
        most = -(-total // self.size)  # every process sends as many rows: collectives want equal shapes
        padded = shard.new_zeros((most, *shard.shape[1:]))
        padded[: len(shard)] = shard.detach()
        parts = [torch.empty_like(padded) for _ in range(self.size)]
        with self.explained_peer_errors():
            dist.all_gather(parts, padded)
        counts = [len(rows) for rows in torch.empty(total).tensor_split(self.size)]
        return torch.cat([part[:count] for part, count in zip(parts, counts, strict=True)])

    def broadcast_tensor(self, values: Tensor) -> Tensor:
        """The lead's `values`, on every process, which has values of the same shape: rounding on unlike devices would
        let the processes drift apart.
        """
        if not self.connected:
            return values
        values = values.contiguous()
        with self.explained_peer_errors():
            dist.broadcast(values, LEAD)
        return values

    def broadcast_tensors(self, tensors: Mapping[str, Tensor] | None) -> dict[str, Tensor]:
        """The lead's `tensors` by name, on every process; others pass None. Names, shapes and types go first, then each
        tensor's bytes as they are, on the CPU: nothing is pickled, and no more than one is in memory twice.
        """
        if not self.connected:
            return dict(tensors or {})
        given = tensors or {}
        layout = [(name, str(value.dtype).removeprefix("torch."), list(value.shape)) for name, value in given.items()]
        received = {}
        for name, dtype, shape in self.broadcast_from_lead(lambda: layout):
            value = given[name].cpu().contiguous() if self.leads else torch.empty(shape, dtype=getattr(torch, dtype))
            if value.numel():
                with self.explained_peer_errors():
                    dist.broadcast(value.flatten().view(torch.uint8), LEAD, self.patient)
            received[name] = value
        return received

    def broadcast_from_lead[T](self, make: Callable[[], T]) -> T:
        """What `make` returns on the lead, on every process; only the lead calls it. A UserError in it is raised on all
        of them.
        """
        if not self.connected:
            return make()
        result_and_error: list[Any] = [None, None]
        if self.leads:
            try:
                result_and_error[0] = make()
            except UserError as error:
                result_and_error[1] = (error.what, error.remedy)
        with self.explained_peer_errors():
            dist.broadcast_object_list(result_and_error, LEAD, self.patient)
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
        if self.connected:
            with self.explained_peer_errors():
                dist.barrier(self.patient)

    @contextmanager
    def explained_peer_errors(self) -> Iterator[None]:
        """What the block raises because another process has ended becomes a UserError that says so; this process's own
        errors, running out of memory among them, stay as they are.
        """
        try:
            yield
        except RuntimeError as error:
            if not comes_from_peers(error):
                raise
            raise gone(self.rank, self.size, reason(error)) from error


ALONE = World(0, 1)


@contextmanager
def torchrun_world() -> Iterator[World]:
    """Yields the processes that `torchrun` started together with this one, or `ALONE`. Inside only the lead prints.

    Uses gloo on CPUs and NCCL on GPUs; each process takes a GPU of its own. Raises UserError when there are too few, or
    when another process does not come. When one ends, the others end within seconds (`train.compute.peers`).
    """
    size, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    if size == 1:
        yield ALONE
        return
    device = _own_gpu(rank, size)
    with ExitStack() as stack:
        before = signal.signal(signal.SIGTERM, _stop)
        stack.callback(signal.signal, signal.SIGTERM, before)
        world = stack.enter_context(connected(World(rank, size), device))
        if rank != LEAD:
            null = stack.enter_context(Path(os.devnull).open("w"))
            stack.enter_context(redirect_stdout(null))
            stack.enter_context(redirect_stderr(null))
        yield world


def _own_gpu(rank: int, size: int) -> torch.device | None:
    """The GPU that this process takes, from now on its current one; None on a machine without."""
    if not torch.cuda.is_available():
        return None
    local = int(os.environ.get("LOCAL_RANK", "0"))
    if local >= torch.cuda.device_count():
        raise UserError(
            f"Process {rank + 1} of {size} has no GPU: this machine has {torch.cuda.device_count()}.",
            "Start as many processes a machine as it has GPUs (torchrun --nproc-per-node).",
        )
    torch.cuda.set_device(local)
    return torch.device("cuda", local)


@contextmanager
def connected(world: World, device: torch.device | None) -> Iterator[World]:
    """Yields `world` (it may be of one process) with its processes connected while the block runs, each with its GPU
    `device`, if any. The environment says where they meet, as torchrun sets it.
    """
    with world.explained_peer_errors():
        # Bound to its device NCCL connects now, so that what is wrong shows here, and not in the first step.
        backend = "cpu:gloo,cuda:nccl" if device is not None else "gloo"
        dist.init_process_group(backend, timeout=COLLECTIVE, device_id=device)
        patient = dist.new_group(backend="gloo", timeout=LEADS_WORK)
        ready = replace(world, patient=cast(dist.ProcessGroup, patient))  # else a process that is not in the group
        try:
            connections = connect_all(world.rank, world.size, ready.broadcast_from_lead)
        except OSError as error:
            raise gone(world.rank, world.size, reason(error)) from error
        watch = PeerWatch(world.rank, world.size, connections)
    try:
        yield ready
    except BaseException:
        watch.give_up()
        # Not destroyed, which waits for collectives that a process that is gone will never join.
        with suppress(RuntimeError):
            cast(dist.ProcessGroup, dist.group.WORLD).abort()
        raise
    watch.leave()
    dist.destroy_process_group()


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
        REMEDY,
    )
