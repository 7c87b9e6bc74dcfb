"""The mean teacher: Tarvainen & Valpola 2017, "Mean teachers are better role models" (NIPS), with DAFormer's
warm start.
"""

from __future__ import annotations

import copy

import torch
from torch import nn


def make_teacher[N: nn.Module](model: N) -> N:
    """A copy of `model` that carries no gradient."""
    teacher = copy.deepcopy(model)
    teacher.requires_grad_(False)
    return teacher


@torch.no_grad()
def update_teacher(teacher: nn.Module, model: nn.Module, updates: int, decay: float = 0.999) -> None:
    """Moves the teacher's parameters towards the model's: a * teacher + (1 - a) * model, a = min(1 - 1 / (updates +
    1), decay).

    `updates` counts the updates before this one: the first copies, the next ones average all so far, until `decay`
    takes over, so that the random start does not linger. Buffers (BatchNorm's statistics, counters) are copied: they
    are averages already.

    >>> model = nn.Linear(1, 1, bias=False)
    >>> teacher = make_teacher(model)
    >>> _ = nn.init.ones_(model.weight)
    >>> update_teacher(teacher, model, updates=0)
    >>> teacher.weight.item()
    1.0
    """
    share = min(1.0 - 1.0 / (updates + 1), decay)
    old: list[torch.Tensor] = list(teacher.parameters())
    new: list[torch.Tensor] = list(model.parameters())
    torch._foreach_mul_(old, share)  # all tensors at once: on a GPU a few kernels, not two for each tensor
    torch._foreach_add_(old, new, alpha=1.0 - share)
    torch._foreach_copy_(list(teacher.buffers()), list(model.buffers()))
