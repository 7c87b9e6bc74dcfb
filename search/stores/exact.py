"""A store in memory that compares with every row."""

from __future__ import annotations

import numpy as np

from search.part_filter import EVERY_PART, PartFilter
from search.ranking import BEST_VIEWS, Floats
from search.stores.store import Hit, PartRows


class ExactStore:
    """A `VectorStore` in memory."""

    def __init__(self) -> None:
        self._rows: dict[str, PartRows] = {}

    def add(self, rows: PartRows) -> None:
        self._rows[rows.part.part_id] = rows

    def remove(self, part_id: str) -> None:
        self._rows.pop(part_id, None)

    def search(self, query: Floats, top: int, wanted: PartFilter = EVERY_PART) -> list[Hit]:
        hits = []
        for rows in self._rows.values():
            if wanted.passes(rows.part):
                similarities = rows.embeddings @ query
                best = np.sort(similarities)[-BEST_VIEWS:]
                hits.append(Hit(rows.part.part_id, float(best.mean()), rows.views[int(similarities.argmax())]))
        return sorted(hits, key=lambda hit: -hit.similarity)[:top]

    def count(self, wanted: PartFilter = EVERY_PART) -> int:
        return sum(len(rows.views) for rows in self._rows.values() if wanted.passes(rows.part))
