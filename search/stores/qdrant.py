"""A Qdrant server of one's own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import Any

from cad2real.errors import UserError
from search.part_filter import EVERY_PART, PartFilter
from search.ranking import Floats
from search.stores.points import KEYWORDS, NUMBERS, conditions, nearest, payload, point_id
from search.stores.store import Hit, PartRows, StoreError

API_KEY = "CAD2REAL_QDRANT_API_KEY"
TRIES, PAUSE_S, TIMEOUT_S = 3, 0.5, 10
AT_ONCE = 256  # points in a request: 1.3 MB of 1,280 numbers each


def connected(url: str) -> Any:
    """A client of the server at `url`, with the key in the environment. Raises UserError without qdrant-client."""
    try:
        from qdrant_client import QdrantClient
    except ImportError:
        raise UserError("qdrant-client is not installed.", 'Install it: pip install "cad2real[qdrant]".') from None
    return QdrantClient(url=url, api_key=os.environ.get(API_KEY), timeout=TIMEOUT_S, check_compatibility=False)


def _asked[Answer](ask: Callable[[], Answer]) -> Answer:
    """The answer to a question, which is asked again where the server is not reached or not ready."""
    from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

    for left in reversed(range(TRIES)):
        try:
            return ask()
        except (ResponseHandlingException, UnexpectedResponse, OSError) as error:
            status = getattr(error, "status_code", None)
            refused = status in {401, 403}
            if left and not refused and (status is None or status >= 500):
                time.sleep(PAUSE_S)
                continue
            remedy = f"Set {API_KEY}." if refused else "Start it, or set search.store: exact."
            reason = f"it answers {status}" if status else "it cannot be reached"
            raise StoreError(f"The Qdrant server does not answer as it should ({reason}).", remedy) from None
    raise AssertionError


def forget(client: Any, collection: str) -> None:
    """Deletes the `collection`, if it is there."""
    _asked(lambda: client.delete_collection(collection))


class QdrantStore:
    """A `VectorStore` in the `collection` of a server, made where it is not there, for vectors of `size`."""

    def __init__(self, client: Any, collection: str, size: int) -> None:
        from qdrant_client import models

        self._client, self._collection, self._models = client, collection, models
        if not _asked(lambda: client.collection_exists(collection)):
            byte_each = models.ScalarQuantizationConfig(type=models.ScalarType.INT8, always_ram=True)
            params = models.VectorParams(
                size=size,
                distance=models.Distance.COSINE,
                on_disk=True,
                quantization_config=models.ScalarQuantization(scalar=byte_each),  # as in `qdrant_edge`
            )
            _asked(lambda: client.create_collection(collection, vectors_config=params))
            for key in KEYWORDS:
                self._index(key, models.PayloadSchemaType.KEYWORD)
            for key in NUMBERS:
                self._index(key, models.PayloadSchemaType.FLOAT)

    def _index(self, key: str, kind: Any) -> None:
        _asked(lambda: self._client.create_payload_index(self._collection, key, kind, wait=True))

    def add(self, rows: PartRows) -> None:
        self.remove(rows.part.part_id)
        points = [
            self._models.PointStruct(id=point_id(view), vector=row.tolist(), payload=payload(rows.part, view))
            for view, row in zip(rows.views, rows.embeddings, strict=True)
        ]
        for start in range(0, len(points), AT_ONCE):
            some = points[start : start + AT_ONCE]
            _asked(lambda some=some: self._client.upsert(self._collection, some, wait=True))  # type: ignore[misc]

    def remove(self, part_id: str) -> None:
        selector = self._models.FilterSelector(filter=conditions(self._models, EVERY_PART, [part_id]))
        _asked(lambda: self._client.delete(self._collection, selector, wait=True))

    def search(self, query: Floats, top: int, wanted: PartFilter = EVERY_PART) -> list[Hit]:
        def ask(limit: int, part_ids: Sequence[str] | None) -> Any:
            answer = _asked(
                lambda: self._client.query_points(
                    self._collection,
                    query.tolist(),
                    limit=limit,
                    query_filter=conditions(self._models, wanted, part_ids),
                    search_params=self._as_exactly_as(part_ids is not None),
                    with_payload=True,
                )
            )
            return answer.points

        return nearest(ask, lambda part_ids: self._count(wanted, part_ids), top)

    def _as_exactly_as(self, exact: bool) -> Any:
        """The first look is at bytes alone; the second reads whole numbers, and compares with all that it may."""
        short = self._models.QuantizationSearchParams(ignore=exact, rescore=exact)
        return self._models.SearchParams(exact=exact, quantization=short)

    def count(self, wanted: PartFilter = EVERY_PART) -> int:
        return self._count(wanted, None)

    def _count(self, wanted: PartFilter, part_ids: Sequence[str] | None) -> int:
        chosen = conditions(self._models, wanted, part_ids)
        return int(_asked(lambda: self._client.count(self._collection, count_filter=chosen, exact=True)).count)
