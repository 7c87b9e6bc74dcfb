"""torch.compile: compiling the backbone takes minutes, then each step is faster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from cad2real.errors import UserError


def compile_in_place(modules: Iterable[nn.Module]) -> None:
    """The next calls of `modules` compile them; names of parameters stay the same. What is compiled for one serves all
    that have the same layers (the teacher), and with `any_batch_size` inputs of all lengths.
    """
    for module in modules:
        module.compile()


def any_batch_size(images: Tensor) -> Tensor:
    """The images (n, 3, s, s), which tell the compiler that n may be another one next time: renders and photos, photos
    alone and the rest of a set differ in it.
    """
    torch._dynamo.maybe_mark_dynamic(images, 0)
    return images


@contextmanager
def explain_compiler_errors(stage: str, enabled: bool) -> Iterator[None]:
    """Turns a compiler that is missing or fails in the block into a UserError. Imports nothing if `enabled` is off."""
    if not enabled:
        yield
        return
    from torch._dynamo.exc import TorchDynamoException

    try:
        yield
    except TorchDynamoException as error:
        raise UserError(
            f"train {stage}: the network cannot be compiled here ({str(error).strip().partition('\n')[0]}).",
            "torch.compile needs a C++ compiler (g++), and Triton on a GPU; or set train.torch_compile: false.",
        ) from None
