"""Stops a run whose losses or gradients are no longer finite."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from cad2real.errors import UserError


class DivergedError(UserError):
    """A loss or the gradient is not finite. No weight that is kept has been changed by it."""


def refuse_divergence(stage: str, step: int, losses: Mapping[str, float], norm: float) -> None:
    """Raises DivergedError, which names the step and what broke, if one of the `losses` of a step, by name, or the norm
    of their gradient is not finite.
    """
    broken = ", ".join(name for name, value in losses.items() if not isfinite(value))
    if not broken and isfinite(norm):
        return
    what = f"the loss {broken}" if broken else f"the gradient of the losses {', '.join(losses)}"
    raise DivergedError(
        f"train {stage}: {what} is not finite at step {step}.",
        "Lower the learning rates or that method's weight in params.yaml.",
    )
