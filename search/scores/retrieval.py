"""How often search finds the right part: scores over labelled photos, and examples for the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from photos.manifest import SquareRow
from search.ranking import Match

TOP = 5  # parts that are looked for
EXAMPLES = 12
WRONG_EXAMPLES = 4  # of these, as far as there are so many


@dataclass(frozen=True)
class RetrievalScores:
    """`top1`, `top5`: share of photos whose label is that of the first part, or of one of the first five."""

    photos: int
    top1: float | None
    top5: float | None


def retrieval_scores(found: Sequence[Sequence[Match]], labels: Sequence[str]) -> RetrievalScores:
    """Scores of `found`, the nearest parts of each photo, nearest first.

    >>> nut = Match(1, "m10", "nut", "Nut M10", 0.2, "m10/0.png")
    >>> bolt = Match(2, "m8", "bolt", "Bolt M8", 0.4, "m8/0.png")
    >>> retrieval_scores([[nut, bolt], [nut, bolt]], labels=["nut", "bolt"])
    RetrievalScores(photos=2, top1=0.5, top5=1.0)
    """
    if not labels:
        return RetrievalScores(0, None, None)
    top1 = sum(matches[0].label == label for matches, label in zip(found, labels, strict=True))
    top5 = sum(label in {match.label for match in matches[:TOP]} for matches, label in zip(found, labels, strict=True))
    return RetrievalScores(len(labels), top1 / len(labels), top5 / len(labels))


def choose_examples(rows: Sequence[SquareRow], right: Sequence[bool | None]) -> list[int]:
    """Numbers of the photos to show: a few that search got wrong, the others taken evenly from all labels.

    `right` says for each of `rows` whether its first part has its label (None: not known).
    """
    wrong = [number for number, is_right in enumerate(right) if is_right is False]
    shown = _spread(rows, wrong, WRONG_EXAMPLES)
    others = [number for number in range(len(rows)) if number not in set(shown) and right[number] is not False]
    shown += _spread(rows, others, EXAMPLES - len(shown))
    return sorted(shown)


def _spread(rows: Sequence[SquareRow], numbers: list[int], count: int) -> list[int]:
    """`count` of `numbers`, taken in turn from each label, and from the middle of what it has."""
    by_label: dict[str, list[int]] = {}
    for number in numbers:
        by_label.setdefault(rows[number].label, []).append(number)
    queues = [own[len(own) // 2 :] + own[: len(own) // 2] for _, own in sorted(by_label.items())]
    if len(queues) > count:  # more labels than places: labels from all of the alphabet
        queues = [queues[place * len(queues) // count] for place in range(count)]
    taken: list[int] = []
    while len(taken) < count and any(queues):
        for queue in queues:
            if queue and len(taken) < count:
                taken.append(queue.pop(0))
    return taken
