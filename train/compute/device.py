"""Where networks run: the device of this process, and how many threads share its CPU cores."""

from __future__ import annotations

import os

import torch


def default_device() -> torch.device:
    """The GPU of this process (the first, or the one that `torchrun` gave it) where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def replica_count() -> int:
    """Replicas of a backbone to run, see `train.compute.thread_replicas`: one on a GPU; on a CPU one for each core that
    this process may use, divided by the processes that `torchrun` started on this machine.
    """
    sharing = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    return 1 if torch.cuda.is_available() else max(1, len(os.sched_getaffinity(0)) // sharing)
