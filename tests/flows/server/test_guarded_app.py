"""A project's server answers its own page and programs with the password; other pages, names and people are refused."""

from __future__ import annotations

import asyncio
import base64
import errno
import json
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from cad2real.errors import UserError
from flows.environment import apply_environment, run_environment
from flows.server.guarded_app import OwnOriginOnly
from flows.server.own_server import nightly_server, start_server_of_run
from flows.service_password import service_password

PORT = 4321
OWN = (b"host", b"127.0.0.1:4321")


def answers(kind: str, *headers: tuple[bytes, bytes]) -> list[dict[str, Any]]:
    """What the guard sends for a request with `headers`; "passed" stands for the application behind it."""
    sent: list[dict[str, Any]] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        sent.append({"type": "passed"})

    async def send(message: Any) -> None:
        sent.append(dict(message))

    async def receive() -> dict[str, Any]:
        return {"type": f"{kind}.request"}

    asyncio.run(OwnOriginOnly(application, PORT)({"type": kind, "headers": list(headers)}, receive, send))
    return sent


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    "headers",
    [
        [OWN],
        [(b"Host", b"LOCALHOST:4321")],
        [OWN, (b"origin", b"http://127.0.0.1:4321")],
        [OWN, (b"origin", b"http://localhost:4321")],
    ],
)
def test_its_own_page_and_programs_pass(kind: str, headers: list[tuple[bytes, bytes]]) -> None:
    assert answers(kind, *headers) == [{"type": "passed"}]


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"host", b"evil.example:4321")],
        [(b"host", b"127.0.0.1:9999")],
        [(b"host", b"127.0.0.1")],
        [OWN, (b"host", b"evil.example:4321")],
        [OWN, (b"origin", b"http://evil.example")],
        [OWN, (b"origin", b"null")],
        [OWN, (b"origin", b"https://127.0.0.1:4321")],
        [OWN, (b"origin", b"http://127.0.0.1:4321.evil.example")],
    ],
)
def test_other_hosts_and_origins_are_refused(headers: list[tuple[bytes, bytes]]) -> None:
    assert answers("http", *headers)[0]["status"] == 403
    assert answers("websocket", *headers) == [{"type": "websocket.close", "code": 1008}]


def test_what_is_no_request_passes() -> None:
    assert answers("lifespan") == [{"type": "passed"}]


def status(port: int, path: str, **headers: str) -> int:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api{path}", b"{}", headers, method="POST")
    request.add_header("content-type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            json.load(answer)
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """One without a server; what the tests set is taken back."""
    with patch.dict(os.environ):
        for variable in [name for name in os.environ if name.startswith("PREFECT_")]:
            del os.environ[variable]
        yield


def test_the_real_server_lets_in_who_knows_the_password_and_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    apply_environment(tmp_path)
    right = "Basic " + base64.b64encode(service_password(tmp_path).encode()).decode()
    wrong = "Basic " + base64.b64encode(b"cad2real:guess").decode()
    with nightly_server(tmp_path, port):
        with pytest.raises(UserError, match="in use"), server_of_its_own(tmp_path, port, monkeypatch):
            pass
        assert status(port, "/flows/filter", Authorization=right) == 200
        assert status(port, "/flows/filter") == 401  # another user of the machine
        assert status(port, "/flows/filter", Authorization=wrong) == 401
        assert status(port, "/flows/filter", Authorization=right, Origin="http://evil.example") == 403
        assert status(port, "/flows/filter", Authorization=right, Host="evil.example") == 403
        assert status(port, "/deployments/x/create_flow_run") == 401


@contextmanager
def server_of_its_own(root: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as context:
        context.delenv("PREFECT_API_URL")
        with nightly_server(root, port):
            yield


def test_nobody_else_can_have_the_port_before_or_after_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who could would be told the password, and would hand out work."""
    monkeypatch.setattr("flows.server.own_server._command", lambda listener: [sys.executable, "-c", "pass"])
    monkeypatch.setenv("PREFECT_API_URL", "")  # names no server
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    taken = []

    def try_to_take(process: Any, port: int, log: Path) -> None:
        process.wait()
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.append(other.connect_ex(("127.0.0.1", port)) == 0)
            with pytest.raises(OSError, match="in use"), socket.socket() as second:
                second.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                second.bind(("127.0.0.1", port))

    monkeypatch.setattr("flows.server.own_server._wait_until_up", try_to_take)
    with nightly_server(tmp_path, port):
        assert taken == [True]


@pytest.fixture
def ended_at_exit(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What the server of a run would do when this process ends is done when the test does."""
    calls: list[Any] = []
    monkeypatch.setattr("atexit.register", lambda call, *arguments: calls.append((call, arguments)))
    yield calls
    for call, arguments in calls:
        call(*arguments)


def test_the_server_of_a_run_lets_in_who_knows_the_password_and_nobody_else(
    tmp_path: Path, ended_at_exit: list[Any]
) -> None:
    apply_environment(tmp_path)
    start_server_of_run(tmp_path)
    port = int(os.environ["PREFECT_API_URL"].split(":")[2].split("/")[0])
    right = "Basic " + base64.b64encode(service_password(tmp_path).encode()).decode()
    assert status(port, "/flows/filter", Authorization=right) == 200
    assert status(port, "/flows/filter") == 401
    assert status(port, "/flows/filter", Authorization=right, Origin="http://evil.example") == 403
    assert status(port, "/flows/filter", Authorization=right, Host="evil.example") == 403
    assert len(ended_at_exit) == 1


def test_nobody_can_have_the_port_of_a_run_and_a_dead_server_refuses_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ended_at_exit: list[Any]
) -> None:
    monkeypatch.setattr("flows.server.own_server._command", lambda listener: [sys.executable, "-c", "input()"])
    tried = []

    def try_to_take(process: Any, port: int, log: Path) -> None:
        process.wait()
        deadline = time.monotonic() + 60
        while True:
            with socket.socket() as other:
                if (answer := other.connect_ex(("127.0.0.1", port))) or time.monotonic() > deadline:
                    break
        tried.append(answer)
        with pytest.raises(OSError, match="in use"), socket.socket() as second:
            second.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            second.bind(("127.0.0.1", port))

    monkeypatch.setattr("flows.server.own_server._wait_until_up", try_to_take)
    start_server_of_run(tmp_path)
    assert tried == [errno.ECONNREFUSED]


def test_a_proxy_of_the_network_is_not_told_the_password(tmp_path: Path) -> None:
    os.environ |= {"http_proxy": "http://proxy.example:3128", "no_proxy": "intranet.example"}
    environment = run_environment(tmp_path)
    assert environment["no_proxy"] == environment["NO_PROXY"] == "intranet.example,127.0.0.1"
