"""How far back moving averages over the steps of a run look."""

from __future__ import annotations

USUAL_STEPS = 500  # the longest run that momenta were chosen on (the benchmark's; the starter's has 400)


def momentum_in_run(momentum: float, steps: int) -> float:
    """The momentum of an average that is to look as far back in a run of `steps` steps, as a share of it, as `momentum`
    does in one of USUAL_STEPS. Shorter runs keep `momentum`: an average of fewer steps would be noise. 0, which is no
    average, stays 0.

    .98 looks 50 steps back, a tenth of 500 and a hundredth of 5000, at whose end it would know the last epoch only.

    >>> [round(momentum_in_run(0.98, steps), 4) for steps in (250, 500, 1000, 5000)]
    [0.98, 0.98, 0.99, 0.998]
    """
    if steps <= USUAL_STEPS or not momentum:
        return momentum
    return 1 - (1 - momentum) * USUAL_STEPS / steps
