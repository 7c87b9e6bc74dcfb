"""Where networks run: the device of this process, and how many threads share its CPU cores."""

from __future__ import annotations

import os

import torch


def default_device() -> torch.device:
    """The GPU of this process (the first, or the one that `torchrun` gave it) where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def computes_in_bfloat16(precision: str) -> bool:
    """Whether backbones compute in bfloat16 on this machine, for a `train.precision`: "auto" where its GPU has units
    for that (from NVIDIA's Ampere on); losses and heads compute in float32 in any case.
    """
    if precision == "auto":
        return torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
    return precision == "bf16"


def tune_kernels() -> None:
    """Lets cuDNN try which of its kernels are fastest for each shape of input: training has few shapes. Convolutions in
    float32 use the tensor cores (TF32) as they do by default; products of matrices do not, since where bfloat16 is
    used those that are left are of heads and losses, which are small and lose their digits.
    """
    torch.backends.cudnn.benchmark = torch.cuda.is_available()


def replica_count() -> int:
    """Replicas of a backbone to run, see `train.compute.thread_replicas`: one on a GPU; on a CPU one for each core that
    this process may use, divided by the processes that `torchrun` started on this machine.
    """
    sharing = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    return 1 if torch.cuda.is_available() else max(1, len(os.sched_getaffinity(0)) // sharing)
