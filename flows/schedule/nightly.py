"""`cad2real nightly`: a scheduled deployment of the retraining flow, with a Prefect server and its page if needed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cad2real.errors import UserError
from cad2real.layout import Layout
from flows.environment import apply_environment
from flows.pipeline import print_progress
from flows.processes import end_with_this_process
from flows.project import prepare
from flows.schedule.next_run import announce_schedule

START_UP_S = 120.0
STOP_S = 5.0


def serve_nightly(root: Path, cron: str, timezone: str, port: int) -> None:
    """Serves the retraining of the project at `root` until Ctrl-C. Raises UserError."""
    check_schedule(cron, timezone)
    prepare(root)
    apply_environment(root)
    with _server(root, port), announce_schedule(root, cron, timezone):
        from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
        from prefect.schedules import Cron
        from prefect.types.entrypoint import EntrypointType

        from flows.retrain import retrain

        # Prefect's runner forgets to await its own end when it is stopped by a signal.
        warnings.filterwarnings("ignore", message="coroutine 'Runner.astop' was never awaited")
        print_progress(f"retraining on schedule {cron!r} ({timezone}); Ctrl-C ends it")
        retrain.serve(
            name=root.resolve().name,
            schedule=Cron(cron, timezone=timezone),
            parameters={"root": str(root.resolve())},
            # A run that is due while another is at work is left out, not queued.
            global_limit=ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW),
            # The schedule goes on after a restart.
            pause_on_shutdown=False,
            print_starting_message=False,
            entrypoint_type=EntrypointType.MODULE_PATH,
        )


def check_schedule(cron: str, timezone: str) -> None:
    """Raises UserError for a cron line or time zone that does not exist."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from cronsim import CronSim, CronSimError

    try:
        CronSim(cron, datetime.now().astimezone())
    except CronSimError as error:
        raise UserError(f"--cron {cron!r}: {error}", 'Five fields, for example "0 2 * * *" for 2 at night.') from None
    try:
        ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):
        raise UserError(f"--timezone {timezone!r} is unknown.", "For example Europe/Berlin.") from None


@contextmanager
def _server(root: Path, port: int) -> Iterator[None]:
    """A Prefect server with its page for this project, unless PREFECT_API_URL names one. Ends with this process."""
    if "PREFECT_API_URL" in os.environ:
        yield
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise UserError(
                f"Port {port} is in use, perhaps by another `cad2real nightly`.",
                "Choose another with --port, or name the server to use in PREFECT_API_URL.",
            ) from None
    log = Layout(root).logs / "server.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    # The page asks this address for its data; without it, it would ask the default port.
    environment = os.environ | {"PREFECT_SERVER_UI_API_URL": f"http://127.0.0.1:{port}/api"}
    with log.open("ab") as output:
        server = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=environment,
        )
    end_with_this_process(server.pid)
    try:
        _wait_until_up(server, port, log)
        os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{port}/api"
        print_progress(f"Prefect's page: http://127.0.0.1:{port}")
        yield
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _wait_until_up(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_UP_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise UserError("Prefect's server did not start.", f"Its log: {log}")
