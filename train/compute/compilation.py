"""torch.compile: compiling the backbone takes minutes, then each step is faster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from torch import nn

from cad2real.errors import UserError


def compile_in_place(modules: Iterable[nn.Module]) -> None:
    """The next calls of `modules` compile them, once for each shape of input; names of parameters stay the same."""
    for module in modules:
        module.compile()


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
