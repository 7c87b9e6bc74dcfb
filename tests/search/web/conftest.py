"""A shop of three coloured parts with hostile names, whose model looks at colours only."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import uvicorn
from PIL import Image
from starlette.testclient import TestClient

import search.query
import search.web.app
from search.index import DescribedPart, Index, IndexedPart, save_index
from search.looks.heads import Described, Head, Looks, save_looks
from search.model.photo_network import NETWORK
from search.places import Place
from search.seeing.guarded_photos import PhotoGuard
from search.web.app import create_app
from search.web.live import LiveSearch
from search.web.serve import _listening, server_config
from tests.search.test_search import COLORS, ColorModel

HOSTILE = "<img src=x onerror='window.hacked=1'><script>window.hacked=1</script>\"'"
FRAME = (Place("3", ("Press 40", f"Frame {HOSTILE}")),)
BOTH = (Place("7", ("Press 40", f"Frame {HOSTILE}")), Place("3", ("Press 40", "Door")))


def shop_index(temperature: float | None = 1.0) -> Index:
    model = ColorModel()
    pictures = [Image.new("RGB", (16, 16), color) for color in COLORS.values()]
    said = [
        IndexedPart(
            "hex_bolt", "hex_bolt", f"Bolt {HOSTILE}", "steel", "galvanized", "red", (45.3, 13.0, 15.0), places=FRAME
        ),
        IndexedPart("hex_nut", "hex_nut", "Nut M10", "brass", "", "", (16.0, 18.5, 8.4), places=BOTH),
        IndexedPart("washer", "washer", "", "steel", "", "blue", (20.0, 20.0, 2.0)),
    ]
    views = tuple(f"{part.part_id}/view_000.png" for part in said)
    embeddings, _ = model.embed_and_classify(pictures)
    return Index(embeddings, tuple(said), np.arange(3), views, "adapt", model.key, None, temperature)


@pytest.fixture(scope="session")
def shared_guard() -> Iterator[PhotoGuard]:
    """One process for the photos of all tests: starting one takes a second."""
    guard = PhotoGuard()
    yield guard
    guard.close()


class _Lent:
    """A guard that others go on with."""

    def __init__(self, guard: PhotoGuard) -> None:
        self.decoded, self.start = guard.decoded, lambda: None

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def _one_guard(shared_guard: PhotoGuard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search.web.app, "LiveSearch", lambda root: LiveSearch(root, _guard=_Lent(shared_guard)))


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with an index and views."""
    root = tmp_path / "shop"
    for part_id, color in COLORS.items():
        (root / "data/renders" / part_id).mkdir(parents=True)
        Image.new("RGBA", (64, 64), color).save(root / "data/renders" / part_id / "view_000.png")
    write_index(root, shop_index())
    monkeypatch.setattr(search.query.PhotoNetwork, "load", lambda path, threads: ColorModel())
    return root


def write_index(root: Path, index: Index) -> None:
    (root / "data/index").mkdir(parents=True, exist_ok=True)
    save_index(root / "data/index", index)
    (root / "data/index" / NETWORK).write_bytes(b"")
    (root / "data/index/retrieval.json").write_text(json.dumps({"photos": 4, "top1": 0.75, "top5": 1.0}))


@pytest.fixture
def client(shop: Path) -> Iterator[TestClient]:
    with TestClient(create_app(shop), base_url="http://127.0.0.1:8000", raise_server_exceptions=False) as one:
        yield one


def photo(part_id: str, size: tuple[int, int] = (60, 40), kind: str = "JPEG") -> bytes:
    content = io.BytesIO()
    Image.new("RGB", size, COLORS[part_id]).save(content, kind)
    return content.getvalue()


@pytest.fixture
def address(shop: Path) -> Iterator[str]:
    """The shop's page, served for real."""
    listening = _listening("127.0.0.1", 0)
    server = uvicorn.Server(server_config(create_app(shop)))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


def write_looks(root: Path) -> None:
    """Heads that know what the shop's colours look like, and a part of brass that has no renders."""
    index = shop_index()
    known = {"temperature": 1.0, "accuracy": 0.9, "said": 0.9, "right_when_said": 0.9, "views": 60, "parts": 3}
    steel, brass = index.embeddings[[0, 2]].mean(axis=0), index.embeddings[1]
    weights = np.zeros((2, index.embeddings.shape[1] + 1), np.float32)
    weights[:, :-1] = 20 * np.stack([brass, steel])
    unseen = DescribedPart(part_id="bush", label="bush", name=f"Bush {HOSTILE}", material="brass")
    head = Head.model_validate({"kind": "material", "values": ["brass", "steel"], **known})
    described = Described(model_key=index.model_key, heads=[head], unseen=[unseen])
    save_looks(root / "data/index", Looks(described, (weights,)))
