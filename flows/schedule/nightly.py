"""`cad2real nightly`: a scheduled deployment of the retraining flow, with a Prefect server and its page if needed."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

from cad2real.errors import UserError
from flows.environment import PROJECT_VARIABLE, apply_environment
from flows.pipeline import print_progress
from flows.project import prepare
from flows.schedule.next_run import announce_schedule
from flows.server.own_server import nightly_server


def serve_nightly(root: Path, cron: str, timezone: str, port: int) -> None:
    """Serves the retraining of the project at `root` until Ctrl-C. Raises UserError."""
    check_schedule(cron, timezone)
    prepare(root)
    apply_environment(root)
    # The flow takes no parameters: whoever reaches the server may start it, but not on another folder.
    os.environ[PROJECT_VARIABLE] = str(root.resolve())
    with nightly_server(root, port), announce_schedule(root, cron, timezone):
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
