"""Who may ask the server what: known hosts, its own pages, who has the token, not too much and not too often.

It stands before everything else. The reasons: a page of a stranger in the same browser may send forms here (other
Origin), or make a name of its own point here (other Host; DNS rebinding); a client may send without end.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import logging
import socket
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any

from search.web.metrics import Metrics
from search.web.slow_clients import is_loopback

COOKIE = "cad2real_token"
OPEN_PATHS = {  # without the token: what the question for it needs, and what browsers fetch without cookies
    "/health", "/login", "/static/page.css", "/static/icon.svg", "/manifest.webmanifest", "/certificate"
}  # fmt: skip
POSTS_A_MINUTE = 60  # of one address that is not this machine
MOST_ADDRESSES = 10_000
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with none at all, browsers name no Origin for forms of our own
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}

type Scope = MutableMapping[str, Any]
type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type App = Callable[[Scope, Receive, Send], Awaitable[None]]

log = logging.getLogger(__name__)


def token_cookie(token: str) -> str:
    """What a browser keeps in place of the token itself."""
    return hashlib.blake2b(token.encode(), digest_size=24, person=b"cad2real-page").hexdigest()


class TooLargeError(Exception):
    """The client sends more than may be."""


class Guard:
    """ASGI middleware around `app`. `token`: what clients have to know, if anything; `largest`: bytes of a body."""

    def __init__(self, app: App, token: str | None, largest: int, metrics: Metrics) -> None:
        self._app, self._token, self._largest, self._metrics = app, token, largest, metrics
        self._posts: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request, body = _Request(scope), _Body(receive, self._largest)
        started = False

        async def sent(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._metrics.requests.labels(request.kind, message["status"]).inc()
                own = {name.lower() for name, _ in message.get("headers", [])}
                more = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
                message["headers"] = [*message.get("headers", []), *(one for one in more if one[0] not in own)]
            await send(message)

        async def sent_of_app(message: Message) -> None:
            if not body.is_too_large or started:  # else what the application makes of it is not what it was
                await sent(message)

        refusal = self._refusal(request)
        if refusal is not None:
            await _said(sent, request.is_of_a_program, *refusal)
            return
        try:
            await self._app(scope, body.receive, sent_of_app)
        except TooLargeError:
            pass
        except Exception:  # a fault of ours: the log has its trace, the client a sentence
            log.exception("a request failed: %s %s", request.method, request.path)
            if not started:
                text = "Something went wrong here. The server's log says what."
                await _said(sent, request.is_of_a_program, 500, text)
        if body.is_too_large and not started:
            await _said(sent, request.is_of_a_program, 413, f"At most {self._largest} bytes are taken.")

    def _refusal(self, request: _Request) -> tuple[int, str] | tuple[int, str, dict[str, str]] | None:
        """Why a request is not let through: status and sentence, and headers where there are more."""
        if not is_known_host(request.host):
            return 403, "This server does not answer to that name."
        if request.method not in SAFE_METHODS:
            origins = {"", f"http://{request.host}", f"https://{request.host}"}
            sites = {"", "same-origin", "none"}
            if request.header("origin") not in origins or request.header("sec-fetch-site") not in sites:
                return 403, "Only pages of this server may send to it."
            if not self._in_time(request.address):
                return 429, "Too many questions from one address.", {"Retry-After": "5"}
        length = request.header("content-length")
        if length and (not length.isdecimal() or int(length) > self._largest):
            return 413, f"At most {self._largest} bytes are taken."
        if self._token is not None and request.path not in OPEN_PATHS and not self._knows_token(request):
            if "text/html" in request.header("accept") and request.method == "GET":
                return 303, "", {"Location": "/login"}
            return 401, "This needs the token: Authorization: Bearer TOKEN.", {"WWW-Authenticate": "Bearer"}
        return None

    def _knows_token(self, request: _Request) -> bool:
        given = request.header("authorization").removeprefix("Bearer ")
        own = self._token or ""
        by_header = hmac.compare_digest(given.encode(), own.encode())
        return by_header or hmac.compare_digest(request.cookie(COOKIE).encode(), token_cookie(own).encode())

    def _in_time(self, address: str) -> bool:
        """Whether one more post of `address` is within its share, which grows back evenly."""
        if is_loopback(address):
            return True
        now = time.monotonic()
        left, before = self._posts.pop(address, (float(POSTS_A_MINUTE), now))
        left = min(POSTS_A_MINUTE, left + (now - before) * POSTS_A_MINUTE / 60)
        self._posts[address] = (max(0.0, left - 1), now)
        if len(self._posts) > MOST_ADDRESSES:
            self._posts.popitem(last=False)
        return left >= 1


class _Body:
    """What a client sends, no more than `largest` bytes of it."""

    def __init__(self, receive: Receive, largest: int) -> None:
        self._receive, self._left = receive, largest

    @property
    def is_too_large(self) -> bool:
        return self._left < 0

    async def receive(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self.is_too_large:
            raise TooLargeError
        return message


class _Request:
    """What the guard needs of a request."""

    def __init__(self, scope: Scope) -> None:
        self.method: str = scope["method"]
        self.kind = self.method if self.method in {"GET", "HEAD", "POST"} else "other"
        self.path: str = scope["path"]
        self.address: str = (scope.get("client") or ("", 0))[0]
        self._headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        self.host = self.header("host")
        self.is_of_a_program = self.path.startswith("/api/")

    def header(self, name: str) -> str:
        """The header's value; of one that is given twice, none that anybody would accept."""
        values = [value for key, value in self._headers if key == name]
        return values[0] if len(values) == 1 else ", ".join(values)

    def cookie(self, name: str) -> str:
        try:
            found = SimpleCookie(self.header("cookie")).get(name)
        except CookieError:
            return ""
        return found.value if found else ""


def is_known_host(host: str) -> bool:
    """Whether a Host header names this machine: by an address, which nobody can make point elsewhere, as localhost, or
    by its own name.

    >>> [is_known_host(host) for host in ("127.0.0.1:8000", "[::1]:8000", "localhost", "evil.example")]
    [True, True, True, False]
    """
    name = host.rsplit(":", 1)[0] if host.count(":") == 1 or (host.startswith("[") and "]:" in host) else host
    name = name.strip("[]").lower()
    own = socket.gethostname().lower()
    if name in {"localhost", own, f"{own}.local"}:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


async def _said(send: Send, as_json: bool, status: int, text: str, headers: dict[str, str] | None = None) -> None:
    """A sentence: as JSON for programs, which get all faults so, else as text."""
    content = json.dumps({"error": text}).encode() if as_json else f"{text}\n".encode()
    kind = "application/json" if as_json else "text/plain; charset=utf-8"
    own = {"content-type": kind, "content-length": str(len(content)), **(headers or {})}
    raw = [(name.lower().encode(), value.encode()) for name, value in own.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": content})
