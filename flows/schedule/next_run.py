"""When the project is retrained next: `cad2real nightly` announces what it serves, `cad2real status` reads it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import psutil
from cronsim import CronSim

from cad2real.files import write_json
from cad2real.layout import Layout


@contextmanager
def announced(root: Path, cron: str, timezone: str) -> Iterator[None]:
    """Says, as long as the block lasts, that this process retrains the project at `root` by this schedule."""
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
        said = json.loads(_path(root).read_text(encoding="utf-8"))
        # What was killed could not take its word back, and another process may have its number now.
        if psutil.Process(said["process"]).create_time() != said["born"]:
            return None
        moment: datetime = next(CronSim(said["cron"], datetime.now(ZoneInfo(said["timezone"]))))
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return None
    return moment


def _path(root: Path) -> Path:
    return Layout(root).logs / "nightly.json"
