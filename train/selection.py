"""Which checkpoint to keep, decided without target labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from train.params import ScoreName


@dataclass(frozen=True)
class Candidate:
    """A checkpoint and what can be known of it without target labels. `name` is shown to people ("epoch 3")."""

    name: str
    scores: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def pick(candidates: Sequence[Candidate], score: ScoreName, gate: float) -> int:
    """Position of the chosen candidate: the highest `score` among those whose held-out source accuracy is within `gate`
    of the best; the later one of equals. The gate drops collapsed networks, whose confident guesses would score well.

    A score that is not a number (a checkpoint that diverged) loses against any that is.
    """
    accuracies = [_or_lowest(candidate.scores["source_accuracy"]) for candidate in candidates]
    floor = max(accuracies) - gate
    passing = [number for number, accuracy in enumerate(accuracies) if accuracy >= floor]
    return max(passing, key=lambda number: (_or_lowest(candidates[number].scores[score]), number))


def _or_lowest(value: float) -> float:
    return -math.inf if math.isnan(value) else value
