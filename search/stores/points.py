"""What Qdrant is told of a row, and how its rows become parts again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from search.index import IndexedPart
from search.part_filter import PartFilter
from search.ranking import BEST_VIEWS
from search.stores.store import Hit

FIRST_ROWS = 300  # that say which parts are compared view by view; more change the first ten hardly ever
MOST_PARTS = 60  # that are compared view by view
KEYWORDS, NUMBERS = ("part_id", "material", "color", "places"), ("longest_mm",)


def point_id(view: str) -> int:
    """The id of a view's point, 64 bits of a hash: the same wherever and whenever it is made."""
    return int.from_bytes(hashlib.blake2b(view.encode(), digest_size=8).digest())


def payload(part: IndexedPart, view: str) -> dict[str, Any]:
    """What a filter can ask for, and what an answer needs."""
    said: dict[str, Any] = {"part_id": part.part_id, "view": view}
    said |= {"material": part.material.casefold(), "color": part.color.casefold()}
    if part.places:
        said["places"] = sorted({key for place in part.places for key in place.keys})
    longest = part.longest_mm
    return said if longest is None else {**said, "longest_mm": longest}


def conditions(models: Any, wanted: PartFilter, part_ids: Sequence[str] | None = None) -> Any:
    """A filter of the library `models` (qdrant_client.models or qdrant_edge); None where everything passes."""
    between = getattr(models, "RangeFloat", None) or models.Range
    must = []
    for key, value in (("material", wanted.material), ("color", wanted.color)):
        if value is not None:
            must.append(models.FieldCondition(key=key, match=models.MatchValue(value=value.casefold())))
    if wanted.place is not None:  # a point has a list of them: one must be it
        must.append(models.FieldCondition(key="places", match=models.MatchValue(value=wanted.place)))
    if wanted.min_mm is not None or wanted.max_mm is not None:
        must.append(models.FieldCondition(key="longest_mm", range=between(gte=wanted.min_mm, lte=wanted.max_mm)))
    for ids in (part_ids, wanted.part_ids):
        if ids is not None:
            must.append(models.FieldCondition(key="part_id", match=models.MatchAny(any=list(ids))))
    return models.Filter(must=must) if must else None


def nearest(ask: Callable[[int, Sequence[str] | None], Iterable[Any]], count: Callable[[Sequence[str]], int], top: int
            ) -> list[Hit]:  # fmt: skip
    """The `top` parts by two questions: `ask(limit, None)` for the nearest rows by the engine's graph, `ask(limit,
    part_ids)` exactly for all rows of those parts, of which there are `count(part_ids)`.
    """
    first = list(dict.fromkeys(point.payload["part_id"] for point in ask(FIRST_ROWS, None)))[: max(MOST_PARTS, top)]
    if not first:
        return []
    of_part: dict[str, list[tuple[float, str]]] = {}
    for point in ask(count(first), first):
        of_part.setdefault(point.payload["part_id"], []).append((point.score, point.payload["view"]))
    hits = [
        Hit(part_id, float(np.mean([score for score, _ in rows[:BEST_VIEWS]])), rows[0][1])
        for part_id, rows in of_part.items()
    ]
    return sorted(hits, key=lambda hit: -hit.similarity)[:top]
