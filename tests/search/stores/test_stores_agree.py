"""Every store answers the same calls alike."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import search.stores.qdrant
from cad2real.errors import UserError
from search.index import IndexedPart
from search.part_filter import PartFilter
from search.places import Place
from search.stores.exact import ExactStore
from search.stores.qdrant import QdrantStore, connected
from search.stores.qdrant_edge import EdgeStore
from search.stores.store import PartRows, VectorStore

SIZE, PARTS = 24, 40
FILTERS = [
    PartFilter(),
    PartFilter(material="STEEL"),
    PartFilter(color="red", max_mm=30),
    PartFilter(min_mm=10, max_mm=20),
    PartFilter(material="gold"),
    PartFilter(assembly="frame"),
    PartFilter(assembly="PRESS 40", max_mm=30),
    PartFilter(position="3"),
    PartFilter(assembly="Frame", position="3"),
    PartFilter(assembly="Door", position="3"),
]


def part_rows(number: int, views: int) -> PartRows:
    rng = np.random.default_rng(number)
    embeddings = rng.normal(0, 1, (views, SIZE)) + 2 * rng.normal(0, 1, SIZE)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    size = (float(number), 5.0, 5.0) if number % 5 else ()
    look = ("Steel", "brass", "")[number % 3], "", ("Red", "")[number % 2]
    frame, door = Place(str(number % 4), ("Press 40", "Frame")), Place(str(number % 5), ("Press 40", "Door"))
    part = IndexedPart(f"p{number}", "l", "n", *look, size, places=((), (frame,), (frame, door))[number % 3])
    return PartRows(part, embeddings.astype(np.float32), tuple(f"p{number}/view_{view}.png" for view in range(views)))


@pytest.fixture(params=["edge", "server"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VectorStore]:
    """Qdrant's engine in a folder; a server that is asked over HTTP."""
    if request.param == "edge":
        pytest.importorskip("qdrant_edge", reason="the extra qdrant is not installed")
        edge = EdgeStore(tmp_path / "store", SIZE)
        yield edge
        edge.close()
    else:
        pytest.importorskip("qdrant_client", reason="the extra qdrant is not installed")
        from tests.search.stores.qdrant_server import FakeServer, fake_server

        with fake_server(FakeServer()) as server:
            yield QdrantStore(connected(server.url), "parts", SIZE)


def agree(one: VectorStore, other: VectorStore) -> None:
    for wanted in FILTERS:
        assert one.count(wanted) == other.count(wanted)
        for seed in range(3):
            query = np.random.default_rng(100 + seed).normal(0, 1, SIZE).astype(np.float32)
            query /= np.linalg.norm(query)
            found, expected = one.search(query, 10, wanted), other.search(query, 10, wanted)
            assert [(hit.part_id, hit.view) for hit in found] == [(hit.part_id, hit.view) for hit in expected]
            assert np.allclose([hit.similarity for hit in found], [hit.similarity for hit in expected], atol=1e-5)


def test_the_same_calls_give_the_same_answers(store: VectorStore) -> None:
    exact = ExactStore()
    agree(store, exact)  # empty
    for number in range(PARTS):
        for one in (store, exact):
            one.add(part_rows(number, 1 + number % 6))
    agree(store, exact)
    for one in (store, exact):
        one.remove("p7")
        one.remove("never there")
        one.add(part_rows(8, 2))  # in the place of what it had
    agree(store, exact)


def test_after_the_graph_is_built_too(tmp_path: Path) -> None:
    pytest.importorskip("qdrant_edge", reason="the extra qdrant is not installed")
    store, exact = EdgeStore(tmp_path / "store", SIZE), ExactStore()
    for number in range(200):
        for one in (store, exact):
            one.add(part_rows(number, 6))
    store.settle()
    agree(store, exact)
    store.close()


def test_a_folder_is_opened_again(tmp_path: Path) -> None:
    pytest.importorskip("qdrant_edge", reason="the extra qdrant is not installed")
    store = EdgeStore(tmp_path / "store", SIZE)
    store.add(part_rows(1, 3))
    store.settle()
    store.close()
    again = EdgeStore(tmp_path / "store", SIZE)
    assert again.count() == 3
    again.close()


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("qdrant_edge", reason="the extra qdrant is not installed")
    (tmp_path / "segments").write_text("no store")
    with pytest.raises(UserError, match="no store of vectors"):
        EdgeStore(tmp_path, SIZE)


def test_a_server_out_of_reach_is_told_after_some_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("qdrant_client", reason="the extra qdrant is not installed")
    pauses: list[float] = []
    monkeypatch.setattr(search.stores.qdrant.time, "sleep", pauses.append)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        client = connected(f"http://127.0.0.1:{nobody.getsockname()[1]}")
        with pytest.raises(UserError, match=r"cannot be reached.*search.store: exact"):
            QdrantStore(client, "parts", SIZE)
    assert len(pauses) == 2
