"""Which checkpoint to keep, decided without target labels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from train.params import ScoreName

START = "epoch 0"
FALL_BACK_SCORES: tuple[ScoreName, ...] = ("class_ami", "information_maximisation")


@dataclass(frozen=True)
class Candidate:
    """A checkpoint and its label-free scores and losses by name. `name` is shown to people ("epoch 3")."""

    name: str
    scores: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> Candidate:
        """The candidate of which `as_dict` gave `entry`, read again from JSON, which has null for NaN."""
        numbers = {name: math.nan if value is None else float(value) for name, value in entry["scores"].items()}
        return cls(entry["name"], numbers)


def best_within_gate(candidates: Sequence[Candidate], score: ScoreName, gate: float) -> int:
    """Position of the chosen candidate: the highest `score` among those whose held-out source accuracy is within `gate`
    of the best; the later one of equals. The gate drops collapsed networks, whose confident guesses would score well.

    A score that is not a number (a checkpoint that diverged) loses against any that is. One that no candidate has (DEV
    of few renders) cannot choose: see `deciding_score`.
    """
    score = deciding_score(candidates, score)
    accuracies = [_or_lowest(candidate.scores["source_accuracy"]) for candidate in candidates]
    floor = max(accuracies) - gate
    passing = [number for number, accuracy in enumerate(accuracies) if accuracy >= floor]
    return max(passing, key=lambda number: (_or_lowest(candidates[number].scores[score]), number))


def deciding_score(candidates: Sequence[Candidate], score: ScoreName) -> ScoreName:
    """The score that `best_within_gate` goes by: `score`, or, where it is a number for no candidate, the last of
    FALL_BACK_SCORES.
    """
    fall_back = FALL_BACK_SCORES[-1]
    undefined = all(math.isnan(each.scores[score]) for each in candidates)
    return fall_back if undefined and all(fall_back in each.scores for each in candidates) else score


def choose(candidates: Sequence[Candidate], score: ScoreName, gate: float, fall_back: bool = True) -> int:
    """Position of the candidate to keep. The first is the network that adaptation began with (START); 0 says that none
    of the others looks better, which is only checked with `fall_back`. Among those that do `best_within_gate` decides.

    To look better is to score no lower on the photos in all of FALL_BACK_SCORES. ClassAMI falls where predictions no
    longer follow the clusters that the features form, information maximisation where they grow unsure or all the same.
    A score that the first has no number for (too few photos) does not count.

    >>> start = Candidate("epoch 0", {"source_accuracy": 0.95, "class_ami": 0.60, "information_maximisation": 1.0})
    >>> adapted = Candidate("epoch 1", {"source_accuracy": 0.94, "class_ami": 0.80, "information_maximisation": 1.2})
    >>> collapsed = Candidate("epoch 2", {"source_accuracy": 0.50, "class_ami": 0.90, "information_maximisation": 1.3})
    >>> choose([start, adapted, collapsed], score="class_ami", gate=0.05)
    1
    """
    better = _better_than_start(candidates, fall_back)
    return better[best_within_gate([candidates[number] for number in better], score, gate)] if better else 0


def still_eligible(candidates: Sequence[Candidate], score: ScoreName, gate: float, fall_back: bool = True) -> set[int]:
    """Positions of the candidates that `choose` picks now or may pick after more have come, whatever those are like.
    No smaller set is sure to hold them: only the best by `score` would not be enough, because a later candidate that
    knows the renders better raises the gate, and the best so far may then be out.

    One is out for good where it fails the gate, which only ever rises, and where another is ahead of it by the score
    (the later of equals) and knows the renders as well, or so well that no gate can drop it. The start is out as soon
    as one looks better.

    >>> scores = {"class_ami": 1.0, "information_maximisation": 1.0}
    >>> seen = [Candidate("epoch 0", scores | {"source_accuracy": 0.5})]
    >>> seen += [Candidate("epoch 1", scores | {"source_accuracy": 0.9, "bnm": 0.2})]
    >>> seen += [Candidate("epoch 2", scores | {"source_accuracy": 0.88, "bnm": 0.4})]
    >>> seen += [Candidate("epoch 3", scores | {"source_accuracy": 0.86, "bnm": 0.3})]
    >>> still_eligible(seen, "bnm", gate=0.05)  # epoch 2 is ahead of epoch 3 in both; 1 wins where 2 comes to be gated
    {1, 2}
    """
    better = _better_than_start(candidates, fall_back)
    if not better:
        return {0}
    among = [candidates[number] for number in better]
    # Where no candidate has a number for `score` yet, one to come may have one: then it is `score` that decides.
    deciding = {score, deciding_score(among, score)}
    return {better[place] for name in deciding for place in _undominated(among, name, gate)}


def _better_than_start(candidates: Sequence[Candidate], fall_back: bool) -> list[int]:
    """Positions of the candidates that look better than the first, see `choose`."""
    start = candidates[0]
    asked = [name for name in FALL_BACK_SCORES if fall_back and not math.isnan(start.scores[name])]
    return [
        number
        for number, each in enumerate(candidates)
        if number and all(each.scores[name] >= start.scores[name] for name in asked)
    ]


def _undominated(candidates: Sequence[Candidate], score: ScoreName, gate: float) -> list[int]:
    """Positions of those within the gate than which none of a higher score knows the renders as well."""
    accuracies = [_or_lowest(candidate.scores["source_accuracy"]) for candidate in candidates]
    floor, sure = max(accuracies) - gate, max(1.0, *accuracies) - gate
    found: list[int] = []
    by_score = sorted(range(len(candidates)), key=lambda number: (_or_lowest(candidates[number].scores[score]), number))
    for number in reversed(by_score):
        known = min(accuracies[number], sure)  # no gate is above `sure`
        if known >= floor and (not found or known > min(accuracies[found[-1]], sure)):
            found.append(number)
    return found


def _or_lowest(value: float) -> float:
    return -math.inf if math.isnan(value) else value
