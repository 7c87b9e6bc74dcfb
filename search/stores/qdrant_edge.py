"""Qdrant's engine in this process: a folder, no server. For one machine, and for tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cad2real.errors import UserError
from search.part_filter import EVERY_PART, PartFilter
from search.ranking import Floats
from search.stores.points import KEYWORDS, NUMBERS, conditions, nearest, payload, point_id
from search.stores.store import Hit, PartRows

SEGMENT_KB = 2_000_000
"""Each segment has a graph of its own, all of which are asked: few large ones answer sooner, small ones grow sooner."""


def _config(models: Any, size: int) -> Any:
    """Graph and first look by a byte a number, held in memory: a third of the time that the graph takes otherwise, a
    quarter of the memory. The numbers themselves lie on disk.
    """
    byte_each = models.ScalarQuantizationConfig(models.ScalarType.Int8, memory=models.Memory.Pinned)
    vectors = models.EdgeVectorParams(
        size=size, distance=models.Distance.Cosine, memory=models.Memory.Cold, quantization_config=byte_each
    )
    segments = models.EdgeOptimizersConfig(max_segment_size=SEGMENT_KB)
    return models.EdgeConfig(vectors=vectors, optimizers=segments)


class EdgeStore:
    """A `VectorStore` in a folder. Raises UserError where the extra `qdrant` is not installed or the folder is no store
    for vectors of `size`.
    """

    def __init__(self, folder: Path, size: int) -> None:
        try:
            import qdrant_edge
        except ImportError:
            raise UserError("qdrant-edge-py is not installed.", 'Install it: pip install "cad2real[qdrant]".') from None
        self._models = qdrant_edge
        config = _config(qdrant_edge, size)
        try:
            if folder.exists() and any(sorted(folder.iterdir())):
                self._shard = qdrant_edge.EdgeShard.load(str(folder), config)
            else:
                folder.mkdir(parents=True, exist_ok=True)
                self._shard = qdrant_edge.EdgeShard.create(str(folder), config)
                self._index_fields()
        except Exception as error:  # the library's own kinds
            raise UserError(f"{folder} is no store of vectors ({error}).", f"Delete {folder}.") from None

    def _index_fields(self) -> None:
        kinds = self._models.PayloadSchemaType
        operation = self._models.UpdateOperation
        for key in KEYWORDS:
            self._shard.update(operation.create_field_index(key, kinds.Keyword))
        for key in NUMBERS:
            self._shard.update(operation.create_field_index(key, kinds.Float))

    def add(self, rows: PartRows) -> None:
        self.remove(rows.part.part_id)
        points = [
            self._models.Point(point_id(view), row.tolist(), payload(rows.part, view))
            for view, row in zip(rows.views, rows.embeddings, strict=True)
        ]
        self._shard.update(self._models.UpdateOperation.upsert_points(points))

    def remove(self, part_id: str) -> None:
        of_part = conditions(self._models, EVERY_PART, [part_id])
        self._shard.update(self._models.UpdateOperation.delete_points_by_filter(of_part))

    def search(self, query: Floats, top: int, wanted: PartFilter = EVERY_PART) -> list[Hit]:
        models = self._models

        def ask(limit: int, part_ids: Sequence[str] | None) -> Any:
            request = models.SearchRequest(
                query=models.Query.Nearest(query.tolist()),
                limit=limit,
                filter=conditions(models, wanted, part_ids),
                params=self._as_exactly_as(part_ids is not None),
                with_payload=True,
            )
            return self._shard.search(request)

        return nearest(ask, lambda part_ids: self._count(wanted, part_ids), top)

    def _as_exactly_as(self, exact: bool) -> Any:
        """The first look is at bytes alone; the second reads whole numbers, and compares with all that it may."""
        short = self._models.QuantizationSearchParams(ignore=exact, rescore=exact)
        return self._models.SearchParams(exact=exact, quantization=short)

    def count(self, wanted: PartFilter = EVERY_PART) -> int:
        return self._count(wanted, None)

    def _count(self, wanted: PartFilter, part_ids: Sequence[str] | None) -> int:
        asked = self._models.CountRequest(exact=True, filter=conditions(self._models, wanted, part_ids))
        return int(self._shard.count(asked))

    def settle(self) -> None:
        """Builds the graph of what was added, and writes all of it to disk."""
        self._shard.optimize()
        self._shard.flush()

    def close(self) -> None:
        """Lets go of the folder."""
        self._shard.close()
