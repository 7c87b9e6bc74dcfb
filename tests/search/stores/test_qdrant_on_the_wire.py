"""A store on a Qdrant server, over HTTP: its key, while it is not ready, with large parts, opened again."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import search.stores.qdrant
from search.index import IndexedPart
from search.stores.qdrant import API_KEY, AT_ONCE, QdrantStore, connected, forget
from search.stores.store import PartRows, StoreError
from tests.search.stores.test_stores_agree import SIZE, part_rows

pytest.importorskip("qdrant_client", reason="the extra qdrant is not installed")

from tests.search.stores.qdrant_server import MOST_BYTES, FakeServer, fake_server


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    monkeypatch.setattr(search.stores.qdrant, "PAUSE_S", 0)
    with fake_server(FakeServer()) as one:
        yield one


def test_the_key_of_the_environment_is_sent(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.key = "secret"
    with pytest.raises(StoreError, match=f"401.*Set {API_KEY}"):
        QdrantStore(connected(server.url), "parts", SIZE)
    assert len(server.asked) == 1  # who is refused does not ask again
    monkeypatch.setenv(API_KEY, "secret")
    QdrantStore(connected(server.url), "parts", SIZE).add(part_rows(1, 2))


def test_a_server_that_is_not_ready_is_asked_again(server: FakeServer) -> None:
    store = QdrantStore(connected(server.url), "parts", SIZE)
    server.failures = 2
    store.add(part_rows(1, 3))
    assert store.count() == 3
    server.failures = 99
    with pytest.raises(StoreError, match="503"):
        store.search(np.ones(SIZE, np.float32), 3)
    server.failures = 0
    assert [hit.part_id for hit in store.search(np.ones(SIZE, np.float32), 3)] == ["p1"]


def test_what_was_put_there_is_there_for_the_next(server: FakeServer) -> None:
    QdrantStore(connected(server.url), "parts", SIZE).add(part_rows(1, 3))
    again = QdrantStore(connected(server.url), "parts", SIZE)
    assert again.count() == 3
    forget(connected(server.url), "parts")
    assert not connected(server.url).collection_exists("parts")


def test_a_part_of_many_views_goes_in_several_requests(server: FakeServer) -> None:
    views, size = AT_ONCE + 10, 1280
    embeddings = np.random.default_rng(0).normal(size=(views, size)).astype(np.float32)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    store = QdrantStore(connected(server.url), "large", size)
    store.add(PartRows(IndexedPart("p", "p", "p"), embeddings, tuple(f"p/{view}.png" for view in range(views))))
    puts = [length for method, path, length in server.asked if method == "PUT" and path.endswith("/points")]
    assert len(puts) == 2 and max(puts) < MOST_BYTES
    assert store.count() == views


def test_a_server_that_goes_while_the_page_is_up(server: FakeServer) -> None:
    store = QdrantStore(connected(server.url), "parts", SIZE)
    store.add(part_rows(1, 3))
    server.failures = 10**6
    for _ in range(2):
        with pytest.raises(StoreError, match=r"search\.store: exact"):
            store.count()
    server.failures = 0
    assert store.count() == 3
