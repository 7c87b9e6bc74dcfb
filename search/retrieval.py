"""How often search finds the right part: scores over labelled photos, and examples for the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from photos.manifest import SquareRow
from search.index import Index
from search.ranking import Match, Queries, nearest_parts

TOP = 5
SHOWN = 12
SHOWN_WRONG = 4  # of those shown, as far as there are so many


@dataclass(frozen=True)
class Scores:
    """`top1`, `top5`: share of photos whose label is that of the first part, or of one of the first five."""

    photos: int
    top1: float | None
    top5: float | None


def retrieval_scores(index: Index, queries: Queries, labels: Sequence[str]) -> Scores:
    """Scores the search with photos of known `labels`, in the order of `queries`."""
    return scores_of(nearest_parts(index, queries, TOP), labels)


def scores_of(found: Sequence[Sequence[Match]], labels: Sequence[str]) -> Scores:
    """Scores of `found`, the nearest parts of each photo, nearest first."""
    if not labels:
        return Scores(0, None, None)
    top1 = sum(matches[0].label == label for matches, label in zip(found, labels, strict=True))
    top5 = sum(label in {match.label for match in matches[:TOP]} for matches, label in zip(found, labels, strict=True))
    return Scores(len(labels), top1 / len(labels), top5 / len(labels))


def example_rows(rows: Sequence[SquareRow], right: Sequence[bool | None]) -> list[int]:
    """Which photos to show: a few that search got wrong, the others taken evenly from all labels, whatever came out.

    `right` says for each of `rows` whether its first part has its label (None: not known).
    """
    wrong = [number for number, verdict in enumerate(right) if verdict is False]
    shown = _spread(rows, wrong, SHOWN_WRONG)
    others = [number for number in range(len(rows)) if number not in set(shown) and right[number] is not False]
    shown += _spread(rows, others, SHOWN - len(shown))
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
