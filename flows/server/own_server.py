"""A project's own Prefect server: this machine only, with a password, for its own page's requests only.

The socket that it answers on is made here and handed to it, and stays open here. Were the port free for a moment,
before the server has it or after it has died, another user could take it, be told the password and hand out work.
"""

from __future__ import annotations

import atexit
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from cad2real.errors import UserError
from cad2real.layout import Layout
from flows.pipeline import print_progress
from flows.processes import end_with_this_process
from flows.server.guarded_app import PORT_VARIABLE
from flows.service_password import FILE

START_UP_S = 300.0
STOP_S = 5.0
OF_A_RUN = {
    # For one flow, without the services that a schedule needs (Prefect's own names for this).
    "PREFECT__SERVER_EPHEMERAL": "1",
    "PREFECT_UI_ENABLED": "0",
}


class ServerError(UserError):
    """The server does not start."""


@contextmanager
def nightly_server(root: Path, port: int) -> Iterator[None]:
    """A Prefect server with its page for this project, unless PREFECT_API_URL names one. Ends with this process.

    Raises UserError when the port is taken or the server does not start.
    """
    if os.environ.get("PREFECT_API_URL"):
        yield
        return
    page = f"http://127.0.0.1:{port}"
    # The page asks this address for its data; without it, it would ask the default port.
    shown = {"PREFECT_SERVER_UI_API_URL": f"{page}/api", "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": page}
    with _listening(port) as listener:
        process = _start(root, listener, shown)
        try:
            _wait_until_up(process, port, _log(root))
            os.environ["PREFECT_API_URL"] = f"{page}/api"
            print_progress(f"Prefect's page: {page} (its password: {root / FILE})")
            yield
        finally:
            _end(process)


def start_server_of_run(root: Path) -> None:
    """Starts the Prefect server of one run on a port that is free, unless PREFECT_API_URL names one. It ends after this
    process has told it all that Prefect keeps until its end. Call it before Prefect is imported.

    Raises ServerError when the server does not start.
    """
    if os.environ.get("PREFECT_API_URL"):
        return
    listener, port = _listening_anywhere()
    process = _start(root, listener, OF_A_RUN | {"PREFECT_SERVER_CORS_ALLOWED_ORIGINS": f"http://127.0.0.1:{port}"})
    atexit.register(_end, process)
    threading.Thread(target=_refuse_after, args=[process, listener], daemon=True).start()
    _wait_until_up(process, port, _log(root))
    os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{port}/api"


def _log(root: Path) -> Path:
    return Layout(root).logs / "server.log"


def _start(root: Path, listener: socket.socket, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    log = _log(root)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            _command(listener),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=[listener.fileno()],
            env={**os.environ, **environment, PORT_VARIABLE: str(listener.getsockname()[1])},
        )
    end_with_this_process(process.pid)
    return process


def _command(listener: socket.socket) -> list[str]:
    application = "flows.server.guarded_app:create_app"
    return [
        *(sys.executable, "-P", "-m", "uvicorn", "--factory", application, "--fd", str(listener.fileno())),
        *("--timeout-keep-alive", "5", "--log-level", "error"),
    ]


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _listening(port: int) -> socket.socket:
    """A socket that listens on `port` of this machine. Raises UserError when the port is taken."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(1024)
    except OSError:
        listener.close()
        raise UserError(
            f"Port {port} is in use, perhaps by another `cad2real nightly`.",
            "Choose another with --port, or name the server to use in PREFECT_API_URL.",
        ) from None
    return listener


def _listening_anywhere() -> tuple[socket.socket, int]:
    """A socket that listens on a port that was free, and that port. It is bound by number and without SO_REUSEADDR: so
    the port stays taken when the socket listens no longer.
    """
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        listener = socket.socket()
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:  # taken since
            listener.close()
            continue
        listener.listen(1024)
        return listener, port


def _refuse_after(process: subprocess.Popen[bytes], listener: socket.socket) -> None:
    """Once the server has ended, whoever connects is refused at once; without this, the flow would wait for answers."""
    process.wait()
    with suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)


def _wait_until_up(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_UP_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise ServerError("Prefect's server did not start.", f"Its log: {log}")
