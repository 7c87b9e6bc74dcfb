"""How sure a network is of renders that never trained: the temperature of its confidence, and the confidence below
which a photo counts as showing no known part.

Both are of the network alone, without sizes, and hold for its probabilities without sizes: a render has no size in a
photo. They are found when the model is made, so that photos that come later set nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from train.data.held_out import HeldOut
from train.measures.calibration import fit_temperature
from train.measures.open_set import rejection_threshold
from train.model import Model


@dataclass(frozen=True)
class Sureness:
    """`temperature` (at least 1) and `unknown_below` (in [0, 1]), None where there was nothing to find them on or
    nothing is to be rejected; `held_out_renders` is how many they come from.
    """

    temperature: float | None
    unknown_below: float | None
    held_out_renders: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def sureness_on(model: Model, renders: HeldOut) -> Sureness:
    """What `model` says of `renders`; `train.unknown_share` of them fall below the threshold."""
    if not len(renders.rows):
        return Sureness(None, None, 0)
    probabilities = model.render_probabilities(renders.views())
    threshold = rejection_threshold(probabilities, renders.params.unknown_share)
    return Sureness(_never_surer(fit_temperature(probabilities, renders.labels)), threshold, len(renders.rows))


def _never_surer(temperature: float | None) -> float | None:
    """Renders can show that a network is too sure, and not that it is not sure enough of photos, which are harder:
    where it names all held-out renders right, no temperature is low enough for them.
    """
    return None if temperature is None else max(1.0, temperature)
