"""Running out of memory is reported as a user's mistake: one line says what to lower."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cad2real.errors import UserError

# Messages of the bare RuntimeError that PyTorch raises on CPUs.
MESSAGES = ("not enough memory", "can't allocate memory", "cannot allocate memory", "out of memory")


@contextmanager
def explain_out_of_memory(stage: str, batch_size: int | None = None) -> Iterator[None]:
    """Turns running out of memory in the block into a UserError; with `batch_size`, that of a training step, into one
    that names batch_size and gradient accumulation.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        import torch  # is there by now; commands that only check what they were given need not wait for it

        named = isinstance(error, torch.OutOfMemoryError | MemoryError)
        if not named and not any(text in str(error).lower() for text in MESSAGES):
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
