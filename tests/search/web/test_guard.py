"""Who may ask: known hosts, own pages, who has the token; not too often, and no fault of ours is shown."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import search.web.guard
import search.web.live
from cad2real.errors import UserError
from search.web.app import create_app
from search.web.live import BusyError, LiveSearch
from search.web.serve import serve
from tests.search.web.conftest import photo

TOKEN = "correct horse"


def test_every_answer_is_told_how_little_it_may(client: TestClient) -> None:
    for path in ("/", "/api/parts", "/nothing", "/static/page.js", "/pictures/hex_nut/view_000.png"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        policy = headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy and "unsafe" not in policy
    page = client.get("/").text
    assert "<style" not in page and " style=" not in page and "onclick" not in page
    assert page.count("<script") == 1


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8000", "", "localhost.evil.example"])
def test_names_that_somebody_made_point_here_are_refused(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_pages_of_others_may_not_send(client: TestClient, headers: dict[str, str]) -> None:
    sent = {"files": {"photo": photo("washer")}, "headers": headers}
    assert client.post("/api/search", **sent).status_code == 403  # type: ignore[arg-type]
    assert client.post("/feedback", data={"answer": "a", "part_id": "b"}, headers=headers).status_code == 403


def test_own_pages_may(client: TestClient) -> None:
    own = {"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"}
    assert client.post("/api/search", files={"photo": photo("washer")}, headers=own).status_code == 200


def test_with_a_token(shop: Path) -> None:
    with TestClient(create_app(shop, TOKEN), base_url="http://127.0.0.1", follow_redirects=False) as client:
        assert client.get("/health").status_code == 200
        for path in ("/", "/api/parts", "/metrics", "/ready", "/pictures/washer/view_000.png", "/static/page.js"):
            assert client.get(path).status_code == 401
        assert client.get("/", headers={"authorization": "Bearer wrong"}).status_code == 401
        assert client.get("/api/parts", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
        asked = client.get("/", headers={"accept": "text/html"})
        assert (asked.status_code, asked.headers["location"]) == (303, "/login")
        assert "password" in client.get("/login").text
        assert client.post("/login", data={"token": "wrong"}).status_code == 401
        entered = client.post("/login", data={"token": TOKEN})
        assert entered.status_code == 303
        cookie = entered.headers["set-cookie"]
        assert "HttpOnly" in cookie and "samesite=strict" in cookie.lower() and "horse" not in cookie
        assert client.get("/").status_code == 200


def test_one_address_asks_so_often(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search.web.guard, "POSTS_A_MINUTE", 3)
    far = TestClient(create_app(shop), base_url="http://127.0.0.1", client=("192.168.1.7", 1))
    statuses = [far.post("/api/feedback", json={"answer": "a", "part_id": "b"}).status_code for _ in range(5)]
    assert statuses == [404, 404, 404, 429, 429]
    assert far.get("/api/parts").status_code == 200


def test_too_many_waiting_are_sent_away(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search.web.live, "WAITING", 0)
    answer = client.post("/api/search", files={"photo": photo("washer")})
    assert answer.status_code == 503 and answer.headers["retry-after"] == "2"


def test_an_answer_that_takes_too_long_makes_room_when_it_is_done(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search.web.live, "ANSWER_WITHIN_S", 0.05)
    live = LiveSearch(shop)

    async def ask() -> None:
        from threading import Event

        go = Event()

        def slow() -> None:
            go.wait(10)

        with pytest.raises(BusyError):
            await live._in_turn(slow)  # type: ignore[arg-type]
        assert live._waiting == 1
        go.set()
        for _ in range(200):
            await asyncio.sleep(0.01)
        assert live._waiting == 0

    asyncio.run(ask())
    live.close()


def test_a_fault_of_ours_is_a_sentence(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: LiveSearch) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(LiveSearch, "current", broken)
    answer = client.get("/api/parts")
    assert answer.status_code == 500 and "secret" not in answer.text and "Traceback" not in answer.text


def test_where_it_cannot_listen(shop: Path) -> None:
    with pytest.raises(UserError, match="easily guessed"):
        serve(shop, "127.0.0.1", 0, "short")
    with pytest.raises(UserError, match=r"Nothing can listen on 203\.0\.113\.1:8000"):
        serve(shop, "203.0.113.1", 8000, None)
    with pytest.raises(UserError, match="Nothing can listen"):
        serve(shop, "no such host", 8000, None)
