"""torch.compile: the backbone as machine code of its own; it takes minutes to make, then each step is faster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from torch import nn

from cad2real.errors import UserError


def compile_in_place(modules: Iterable[nn.Module]) -> None:
    """Their next calls compile them, once for each shape of input; names of parameters stay what they are."""
    for module in modules:
        module.compile()


@contextmanager
def compiler_watched(stage: str, wanted: bool) -> Iterator[None]:
    """A compiler that is missing or fails in the block becomes a UserError. Nothing is imported if none is `wanted`."""
    if not wanted:
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
