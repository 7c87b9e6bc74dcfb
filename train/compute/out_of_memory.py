"""Out of memory is a user's mistake like others: one line says what to lower."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cad2real.errors import UserError

# What PyTorch says on CPUs, where it raises a bare RuntimeError.
SIGNS = ("not enough memory", "can't allocate memory", "cannot allocate memory", "out of memory")


@contextmanager
def memory_watched(stage: str, batch_size: int | None = None) -> Iterator[None]:
    """Running out of memory in the block becomes a UserError; in a training step of `batch_size` images one that names
    batch_size and gradient accumulation.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        import torch  # is there by now; commands that only check what they were given need not wait for it

        known = isinstance(error, torch.OutOfMemoryError | MemoryError)
        if not known and not any(sign in str(error).lower() for sign in SIGNS):
            raise
        if batch_size is None:
            raise UserError(
                f"{stage}: out of memory.",
                "Close other programs; else lower train.image_size or train.batch_size in params.yaml, or take a "
                "smaller train.backbone.",
            ) from None
        raise UserError(
            f"train {stage}: out of memory in a training step with batch_size: {batch_size}.",
            "Raise train.gradient_accumulation in params.yaml (slower, same result), or lower train.batch_size.",
        ) from None
