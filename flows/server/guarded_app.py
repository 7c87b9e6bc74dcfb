"""Prefect's server as an application that answers its own page and clients only.

Prefect asks for a password (`flows.service_password`), but any page that a browser shows may still reach 127.0.0.1: by
a request of its own (another Origin), or under a name that it makes point there (another Host; DNS rebinding). Both
are refused before Prefect sees them.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

PORT_VARIABLE = "CAD2REAL_SERVER_PORT"
HTTP_PORT = 80

type Scope = MutableMapping[str, Any]
type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type App = Callable[[Scope, Receive, Send], Awaitable[None]]

REFUSAL = b"This server answers its own page and programs on this machine only.\n"


class OwnOriginOnly:
    """ASGI middleware: passes on what names `port` of this machine as its Host, and no other Origin."""

    def __init__(self, app: App, port: int) -> None:
        self._app = app
        ports = (f":{port}", "") if port == HTTP_PORT else (f":{port}",)  # browsers leave out the usual one
        self._hosts = {f"{name}{ending}" for name in ("127.0.0.1", "localhost") for ending in ports}
        self._origins = {f"http://{host}" for host in self._hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"} and not self._is_ours(scope):
            await _refuse(scope, send)
        else:
            await self._app(scope, receive, send)

    def _is_ours(self, scope: Scope) -> bool:
        def values(name: bytes) -> list[str]:
            return [value.decode("latin-1").lower() for key, value in scope["headers"] if key.lower() == name]

        hosts = values(b"host")
        return len(hosts) == 1 and hosts[0] in self._hosts and set(values(b"origin")) <= self._origins


async def _refuse(scope: Scope, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(REFUSAL)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": REFUSAL})


def create_app() -> App:
    """What uvicorn serves: Prefect's application behind the guard, for the port of the environment."""
    from prefect.server.api.server import create_app as prefect_app

    return OwnOriginOnly(prefect_app(final=True), int(os.environ[PORT_VARIABLE]))
