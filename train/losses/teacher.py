"""The mean teacher: Tarvainen & Valpola 2017, "Mean teachers are better role models" (NIPS), with DAFormer's
warm start.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable

import torch
from torch import Tensor, nn


def make_teacher[N: nn.Module](model: N) -> N:
    """A copy of `model` that carries no gradient."""
    teacher = copy.deepcopy(model)
    teacher.requires_grad_(False)
    return teacher


class TeacherUpdate:
    """How a `teacher` follows a `model` of the same layers, but for the buffers of the teacher that are its `own`.
    Tensors are listed once: to walk through the modules of a large network at each step takes a CPU longer than a GPU
    needs for the averages.

    >>> model = nn.Linear(1, 1, bias=False)
    >>> teacher = make_teacher(model)
    >>> _ = nn.init.ones_(model.weight)
    >>> TeacherUpdate(teacher, model)(updates=0)
    >>> teacher.weight.item()
    1.0
    """

    def __init__(self, teacher: nn.Module, model: nn.Module, own: Iterable[Tensor] = ()) -> None:
        self._old: list[Tensor] = list(teacher.parameters())
        self._new: list[Tensor] = list(model.parameters())
        kept = {id(buffer) for buffer in own}
        pairs = zip(teacher.buffers(), model.buffers(), strict=True)
        copied = [pair for pair in pairs if id(pair[0]) not in kept]
        self._copies: list[Tensor] = [copy for copy, _ in copied]
        self._statistics: list[Tensor] = [statistic for _, statistic in copied]

    @torch.no_grad()
    def __call__(self, updates: int, decay: float = 0.999) -> None:
        """Moves the teacher's parameters towards the model's: a * teacher + (1 - a) * model, a = min(1 - 1 / (updates +
        1), decay).

        `updates` counts the updates before this one: the first copies, the next ones average all so far, until `decay`
        takes over, so that the random start does not linger. Buffers (BatchNorm's statistics, counters) are copied:
        they are averages already, unless they are the teacher's own.
        """
        share = min(1.0 - 1.0 / (updates + 1), decay)
        torch._foreach_mul_(self._old, share)  # all tensors at once: on a GPU a few kernels, not two for each tensor
        torch._foreach_add_(self._old, self._new, alpha=1.0 - share)
        if self._copies:
            torch._foreach_copy_(self._copies, self._statistics)
