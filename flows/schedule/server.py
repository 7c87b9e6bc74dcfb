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

START_UP_S = 120.0
STOP_S = 5.0


@contextmanager
def server(root: Path, port: int) -> Iterator[None]:
    """A Prefect server with its page for this project, unless PREFECT_API_URL names one. Ends with this process.

    Raises UserError when the port is taken or the server does not start.
    """
    if "PREFECT_API_URL" in os.environ:
        yield
        return
    _check_free(port)
    log = Layout(root).logs / "server.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            _command(port),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=os.environ | _environment(port),
        )
    end_with_this_process(process.pid)
    try:
        _wait_until_up(process, port, log)
        os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{port}/api"
        print_progress(f"Prefect's page: http://127.0.0.1:{port} (its password: {root / FILE})")
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _command(port: int) -> list[str]:
    application = "flows.schedule.guarded_app:create_app"
    return [
        *(sys.executable, "-P", "-m", "uvicorn", "--factory", application, "--host", "127.0.0.1"),
        *("--port", str(port), "--timeout-keep-alive", "5", "--log-level", "error"),
    ]


def _environment(port: int) -> dict[str, str]:
    page = f"http://127.0.0.1:{port}"
    return {
        PORT_VARIABLE: str(port),
        # The page asks this address for its data; without it, it would ask the default port.
        "PREFECT_SERVER_UI_API_URL": f"{page}/api",
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": page,
    }


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise UserError(
                f"Port {port} is in use, perhaps by another `cad2real nightly`.",
                "Choose another with --port, or name the server to use in PREFECT_API_URL.",
            ) from None


def _wait_until_up(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_UP_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise UserError("Prefect's server did not start.", f"Its log: {log}")
