"""Ranks the parts that a store finds as those that are compared in memory."""

from __future__ import annotations

import numpy as np

from search.index import Index
from search.part_filter import EVERY_PART, PartFilter
from search.ranking import Compared, Match, Queries, ranked, with_added_parts
from search.stores.store import VectorStore

LEAST_PARTS = 50  # that a store is asked for: the classifier, which has half a say, may prefer one of the later ones


def nearest_in_store(
    store: VectorStore,
    index: Index,
    queries: Queries,
    top: int,
    wanted: PartFilter = EVERY_PART,
    together: bool = False,
) -> list[list[Match]]:
    """As `search.ranking.nearest_parts`, by the rows of `store`. Raises StoreError where it does not answer."""
    similarities = np.full((len(queries.embeddings), len(index.parts)), -np.inf, dtype=np.float32)
    nearest = np.zeros(similarities.shape, dtype=np.int64)
    for row, query in enumerate(queries.embeddings):
        for hit in store.search(query, max(LEAST_PARTS, 2 * top), wanted):
            number, view = index.number_of.get(hit.part_id), index.row_of.get(hit.view)
            if number is not None and view is not None:  # else it was changed in between
                similarities[row, number], nearest[row, number] = hit.similarity, view
    if together:  # what a store did not name for one photo is at most as near as the last that it named
        found = np.isfinite(similarities)
        last = np.where(found, similarities, 1).min(axis=1, keepdims=True)
        similarities = np.where(found | ~found.any(axis=0), similarities, last)
    probabilities = with_added_parts(similarities - index.handicaps, queries.probabilities)
    compared = Compared(similarities, nearest, probabilities, queries.confidence)
    return ranked(index, compared.as_one() if together else compared, top)
