"""Puts together what a photo looks like and what is written in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from search.naming.catalogue import EXACT, Named
from search.ranking import Match

K = 60  # of reciprocal rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009), as published


def with_named(matches: Sequence[Match], named: Sequence[tuple[tuple[Named, str], Match]]) -> list[Match]:
    """`matches`, nearest first, together with `named` parts, likeliest first, each with the text that names it and its
    match. A part that is named exactly comes first; else reciprocal rank fusion.

    >>> bolt, nut = Match(1, "b", "b", "", 0.2, "b/0.png"), Match(2, "n", "n", "", 0.4, "n/0.png")
    >>> found = with_named([bolt, nut], [((Named(1, "exact"), "n"), nut)])
    >>> [(one.rank, one.part_id, one.read) for one in found]
    [(1, 'n', 'n'), (2, 'b', None)]
    """
    all_of_them = {match.part_id: match for match in (*matches, *(match for _, match in named))}
    read = {match.part_id: text for (_, text), match in named}
    exact = {match.part_id for (one, _), match in named if one.how == EXACT}
    by_look = {match.part_id: place for place, match in enumerate(matches, 1)}
    by_name = {part_id: place for place, part_id in enumerate(read, 1)}

    def order(part_id: str) -> tuple[bool, float]:
        ranks = [rank[part_id] for rank in (by_look, by_name) if part_id in rank]
        return part_id not in exact, -sum(1 / (K + rank) for rank in ranks)

    best = sorted(all_of_them, key=order)
    return [replace(all_of_them[part_id], rank=rank, read=read.get(part_id)) for rank, part_id in enumerate(best, 1)]
