"""When the project is retrained next: `cad2real nightly` writes its schedule to a file, `cad2real status` reads it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import psutil
from cronsim import CronSim

from cad2real.files import read_json, write_json
from cad2real.layout import Layout


@contextmanager
def announce_schedule(root: Path, cron: str, timezone: str) -> Iterator[None]:
    """While the block runs, data/logs/nightly.json names this process and its schedule for the project at `root`."""
    path = _path(root)
    process = psutil.Process(os.getpid())
    write_json(path, {"cron": cron, "timezone": timezone, "process": process.pid, "born": process.create_time()})
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def next_run(root: Path) -> datetime | None:
    """When `cad2real nightly` will start the next run; None when it is not at work here."""
    try:
        schedule = read_json(_path(root))
        # A killed process leaves its file behind, and another process may have its id now.
        if psutil.Process(schedule["process"]).create_time() != schedule["born"]:
            return None
        moment: datetime = next(CronSim(schedule["cron"], datetime.now(ZoneInfo(schedule["timezone"]))))
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return None
    return moment


def _path(root: Path) -> Path:
    return Layout(root).logs / "nightly.json"
