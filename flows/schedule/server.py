"""The Prefect server of `cad2real nightly`: this machine only, with a password, for its own page's requests only."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cad2real.errors import UserError
from cad2real.layout import Layout
from flows.pipeline import print_progress
from flows.processes import end_with_this_process
from flows.schedule.guarded_app import PORT_VARIABLE
from flows.service_password import FILE

START_UP_S = 300.0
STOP_S = 5.0


@contextmanager
def server(root: Path, port: int) -> Iterator[None]:
    """A Prefect server with its page for this project, unless PREFECT_API_URL names one. Ends with this process.

    Raises UserError when the port is taken or the server does not start.
    """
    if os.environ.get("PREFECT_API_URL"):
        yield
        return
    log = Layout(root).logs / "server.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with _listening(port) as listener:
        with log.open("ab") as output:
            process = subprocess.Popen(
                _command(listener),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=[listener.fileno()],
                env=os.environ | _environment(port),
            )
        end_with_this_process(process.pid)
        with _ended_at_last(process):
            _wait_until_up(process, port, log)
            os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{port}/api"
            print_progress(f"Prefect's page: http://127.0.0.1:{port} (its password: {root / FILE})")
            yield


@contextmanager
def _ended_at_last(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _command(listener: socket.socket) -> list[str]:
    application = "flows.schedule.guarded_app:create_app"
    return [
        *(sys.executable, "-P", "-m", "uvicorn", "--factory", application, "--fd", str(listener.fileno())),
        *("--timeout-keep-alive", "5", "--log-level", "error"),
    ]


def _environment(port: int) -> dict[str, str]:
    page = f"http://127.0.0.1:{port}"
    return {
        PORT_VARIABLE: str(port),
        # The page asks this address for its data; without it, it would ask the default port.
        "PREFECT_SERVER_UI_API_URL": f"{page}/api",
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": page,
    }


def _listening(port: int) -> socket.socket:
    """The socket that the server answers on. It stays open here too: were the port free for a moment, before the server
    has it or after it has died, another user could take it, be told the password and hand out work.

    Raises UserError when the port is taken.
    """
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


def _wait_until_up(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_UP_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise UserError("Prefect's server did not start.", f"Its log: {log}")
