"""Listens for browsers and programs, until it is stopped."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import uvicorn

from cad2real.errors import UserError
from search.web.app import create_app
from search.web.guard import App
from search.web.slow_clients import AT_ONCE, PatientProtocol, is_loopback

LEAST_TOKEN = 8  # letters; shorter ones are guessed
IDLE_S = 15  # a connection that says nothing between two requests
STOP_S = 5  # after Ctrl-C, for what is in work


def serve(root: Path, host: str, port: int, token: str | None) -> None:
    """Serves the project in `root` on `host` and `port`. Raises UserError where it cannot listen there, and for a token
    that is easily guessed.
    """
    if token is not None and len(token) < LEAST_TOKEN:
        raise UserError(f"A token of {len(token)} letters is easily guessed.", f"Take at least {LEAST_TOKEN}.")
    listening = _listening(host, port)
    shown = f"[{host}]" if ":" in host else host
    print(f"http://{shown}:{listening.getsockname()[1]}/ (Ctrl-C ends it)", flush=True)
    if token is None and not is_this_machine_only(host):
        print(
            "warning: everybody who reaches this address may ask, see the catalogue and confirm answers, and all of it "
            "passes in the clear. Give --token, or leave out --host.",
            file=sys.stderr,
        )
    uvicorn.Server(server_config(create_app(root, token))).run(sockets=[listening])


def server_config(app: App) -> uvicorn.Config:
    """How uvicorn serves `app`."""
    return uvicorn.Config(
        app,
        http=PatientProtocol,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=STOP_S,
        limit_concurrency=AT_ONCE,
        backlog=128,
    )


def is_this_machine_only(host: str) -> bool:
    """Whether nobody else reaches what listens on `host`.

    >>> is_this_machine_only("127.0.0.1"), is_this_machine_only("localhost"), is_this_machine_only("0.0.0.0")
    (True, True, False)
    """
    return host == "localhost" or is_loopback(host)


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"Nothing can listen on {host}:{port} ({reason}).", "Name another --host or --port.") from None
    return listening
