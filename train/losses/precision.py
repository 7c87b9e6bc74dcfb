"""Losses compute in float32 also where the network runs in bfloat16 or float16: kernels, logarithms and singular
values lose all their digits otherwise.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import torch
from torch import Tensor


def _raise_precision(value: object) -> object:
    if isinstance(value, Tensor) and value.dtype in (torch.float16, torch.bfloat16):
        return value.float()
    return value


def in_float32[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Runs `function` with autocast off and its half-precision tensor arguments cast to float32; float64 stays
    float64.

    >>> in_float32(torch.sum)(torch.ones(2, dtype=torch.bfloat16)).dtype
    torch.float32
    """

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        tensors = [value for value in (*args, *kwargs.values()) if isinstance(value, Tensor)]
        device = tensors[0].device.type if tensors else "cpu"
        with torch.autocast(device_type=device, enabled=False):
            raised = [_raise_precision(value) for value in args]
            named = {name: _raise_precision(value) for name, value in kwargs.items()}
            return function(*raised, **named)  # type: ignore[arg-type]

    return wrapper
