"""Clients that say little keep nobody out."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

import search.web.slow_clients
from search.web.app import create_app
from search.web.serve import server_config
from tests.search.web.conftest import photo

HALF = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
HEALTH = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


@pytest.fixture
def port(shop: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A real server that waits half a second for headers and a second for a body."""
    monkeypatch.setattr(search.web.slow_clients, "HEADERS_S", 0.5)
    monkeypatch.setattr(search.web.slow_clients, "BODY_S", 1.0)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(server_config(create_app(shop)))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield listening.getsockname()[1]
    server.should_exit = True
    thread.join()


def connect(port: int, said: bytes) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=60)
    client.sendall(said)
    return client


def all_of(client: socket.socket) -> bytes:
    """What the server says until it closes the connection."""
    answer = b""
    try:
        while piece := client.recv(65536):
            answer += piece
    except ConnectionResetError:
        pass
    return answer


def test_half_requests_are_given_up_and_others_are_answered(port: int) -> None:
    slow = [connect(port, HALF) for _ in range(search.web.slow_clients.AT_ONCE + 20)]
    assert [all_of(client) for client in slow] == [b""] * len(slow)
    assert all_of(connect(port, HEALTH)).startswith(b"HTTP/1.1 200")


def test_a_connection_that_says_nothing_is_given_up(port: int) -> None:
    assert all_of(connect(port, b"")) == b""


def test_a_body_that_does_not_come_is_given_up(port: int) -> None:
    head = b"POST /api/search HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n"
    client = connect(port, head)
    start = time.monotonic()
    assert b"200" not in all_of(client)[:20]
    assert time.monotonic() - start < 30


def test_a_second_request_on_a_connection_has_its_own_time(port: int) -> None:
    client = connect(port, HEALTH.replace(b"close", b"keep-alive"))
    assert client.recv(65536).startswith(b"HTTP/1.1 200")
    time.sleep(0.8)  # longer than headers may take
    client.sendall(HEALTH)
    assert b"HTTP/1.1 200" in all_of(client)
    client = connect(port, HEALTH.replace(b"close", b"keep-alive"))
    assert client.recv(65536)
    client.sendall(HALF)
    assert b"HTTP/1.1" not in all_of(client)  # but the end of the answer before, at most


def test_a_photo_that_comes_in_pieces_is_answered(port: int) -> None:
    content = photo("washer")
    body = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n' + content + b"\r\n--x--\r\n"
    head = (
        b"POST /api/search HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: %d\r\n\r\n" % len(body)
    )
    client = connect(port, head)
    for start in range(0, len(body), len(body) // 4):
        time.sleep(0.05)
        client.sendall(body[start : start + len(body) // 4])
    assert b"washer" in all_of(client)


def test_more_connections_than_a_process_has_files_are_closed_at_once(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search.web.slow_clients, "HEADERS_S", 60.0)
    monkeypatch.setattr(search.web.slow_clients, "MOST_CONNECTIONS", 5)
    kept = [connect(port, b"") for _ in range(5)]
    time.sleep(0.3)
    assert all_of(connect(port, b"")) == b""
    for client in kept:
        client.close()


def test_one_address_holds_a_share_of_the_connections(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search.web.slow_clients, "HEADERS_S", 60.0)
    monkeypatch.setattr(search.web.slow_clients, "OF_ONE_ADDRESS", 3)
    own = [connect(port, b"") for _ in range(5)]  # of this machine: a proxy may stand there
    monkeypatch.setattr(search.web.slow_clients, "is_loopback", lambda address: False)
    time.sleep(0.3)
    assert all_of(connect(port, HEALTH)) == b""
    for client in own:
        client.close()


def test_the_language_of_a_page_is_changed_on_this_server(port: int) -> None:
    """A path that begins with two slashes is another host's in a link."""
    ask = b"GET //evil.example/ HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\nConnection: close\r\n\r\n"
    assert b'"//' not in all_of(connect(port, ask))
