"""Listens for browsers and programs, until it is stopped."""

from __future__ import annotations

import os
import socket
import ssl
import sys
from pathlib import Path

import uvicorn

from cad2real.errors import UserError
from search.web.app import create_app
from search.web.guard import App
from search.web.https import authority_folder, context, own_authority, own_names
from search.web.slow_clients import AT_ONCE, PatientProtocol, is_loopback

LEAST_TOKEN = 8  # letters; shorter ones are guessed
IDLE_S = 15  # a connection that says nothing between two requests
STOP_S = 5  # after Ctrl-C, for what is in work


def serve(root: Path, host: str, port: int, token: str | None, https: bool = False) -> None:
    """Serves the project in `root` on `host` and `port`, encrypted with `https`. Raises UserError where it cannot
    listen there, and for a token that is easily guessed.
    """
    if token is not None and len(token) < LEAST_TOKEN:
        raise UserError(f"A token of {len(token)} letters is easily guessed.", f"Take at least {LEAST_TOKEN}.")
    listening = _listening(host, port)
    names, authority = own_names(host), own_authority(authority_folder()) if https else None
    address = f"{'https' if https else 'http'}://{_in_address(names[0])}:{listening.getsockname()[1]}/"
    print(f"{address} (Ctrl-C ends it)", flush=True)
    if authority is not None:
        _show_code(address)
    if token is None and not is_this_machine_only(host):
        passes = "" if https else ", and all of it passes in the clear"
        print(
            f"warning: everybody who reaches this address may ask, see the catalogue and confirm answers{passes}. "
            "Set CAD2REAL_TOKEN, give --token-file, or leave out --host.",
            file=sys.stderr,
        )
    certificate = authority.cert_pem.bytes() if authority else None
    tls = context(authority, names) if authority else None
    uvicorn.Server(server_config(create_app(root, token, certificate), tls)).run(sockets=[listening])


def read_token(file: Path | None) -> str | None:
    """The token in `file`, else in the environment: on the command line every user of the machine would see it in the
    list of processes. Raises UserError for a file that cannot be read or is empty.
    """
    if file is None:
        return os.environ.get("CAD2REAL_TOKEN") or None
    try:
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file} cannot be read ({error}).", "Name a file with the token in it.") from None
    if not token:
        raise UserError(f"{file} is empty.", "Write the token into it: openssl rand -hex 16 > FILE")
    return token


def _in_address(name: str) -> str:
    return f"[{name}]" if ":" in name else name


def _show_code(address: str) -> None:
    """The address for a phone's camera, where somebody sees it, and what to do about the browser's warning."""
    import segno

    if sys.stdout.isatty():
        segno.make(address).terminal(compact=True)
    print(
        f"The certificate is this machine's own: browsers warn once. Without a warning, and as an app: install "
        f"{address}certificate on the phone.",
        flush=True,
    )


def server_config(app: App, tls: ssl.SSLContext | None = None) -> uvicorn.Config:
    """How uvicorn serves `app`, encrypted with `tls`."""
    return uvicorn.Config(
        app,
        ssl_context_factory=None if tls is None else lambda config, usual: tls,
        http=PatientProtocol,
        ws="none",  # else a library for what no page of ours asks for is loaded
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
        listening.listen()  # the address is said before the page is ready: who asks at once waits and is not refused
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"Nothing can listen on {host}:{port} ({reason}).", "Name another --host or --port.") from None
    return listening
