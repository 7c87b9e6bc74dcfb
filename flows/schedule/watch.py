"""`cad2real watch`: runs the project whenever its parts, photos, environment maps or params.yaml have changed."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from cad2real.errors import UserError
from cad2real.import_path import PYTHON
from cad2real.layout import Layout
from cad2real.params import load_params
from flows.pipeline import print_progress
from flows.processes import run_group
from flows.project import PARTS, PHOTOS

SETTLE_S = 2.0
TICK_MS = 500

Snapshot = dict[str, tuple[int, int]]


def watch_project(
    root: Path,
    run: Callable[[], bool],
    *,
    poll_s: float | None = None,
    settle_s: float = SETTLE_S,
    stop: threading.Event | None = None,
) -> None:
    """Calls `run` once at the start and after every change that has settled, until `stop` is set.

    `run` returns whether it succeeded; the watch goes on either way. Changes during a run, the first one too, lead to
    exactly one more. With `poll_s` the folders are looked through every so many seconds, for network drives that report
    no changes.
    """
    seen: Snapshot | None = None
    for _ in _change_events(root, poll_s, stop):
        if _snapshot(watched_paths(root)) == seen:
            continue
        if seen is not None:
            print_progress("something has changed:")
        seen = _wait_until_settled(root, settle_s)
        _run(run)
        print_progress("watching; Ctrl-C ends it")


def _run(run: Callable[[], bool]) -> None:
    if not run():
        print_progress("the run failed; watching on")


def run_in_subprocess(root: Path) -> bool:
    """`cad2real run` in a process of its own, so that each run starts fresh. Its output is printed."""
    command = [*PYTHON, "-m", "cad2real", "run"]
    finished = run_group(command, root, Layout(root).logs / "watch.log", print_progress)
    return finished.exit_code == 0


def watched_paths(root: Path) -> list[Path]:
    """The folders whose changes count, and params.yaml."""
    folders = [root / PARTS, root / PHOTOS]
    try:
        maps = load_params(Layout(root).params).render.environments.folder
    except UserError:  # the run reports what is wrong with it
        maps = None
    if maps is not None:
        folders.append(root / maps)
    return [*(folder.resolve() for folder in folders if folder.is_dir()), Layout(root).params]


def _change_events(root: Path, poll_s: float | None, stop: threading.Event | None) -> Iterator[None]:
    """Yields once when watching has begun, then after changes; all changes while the caller was busy count as one."""
    if poll_s is not None:  # watchfiles' own polling ends over a link that leads back to itself
        stop = stop or threading.Event()
        while not stop.is_set():
            yield
            stop.wait(poll_s)
        return
    from watchfiles import watch

    *folders, params = watched_paths(root)
    # params.yaml is looked at by itself: editors replace it, and its folder holds far more than what counts.
    before: Snapshot | None = None
    for changes in watch(
        *folders,
        rust_timeout=TICK_MS,
        yield_on_timeout=True,
        stop_event=stop,
    ):
        now = _snapshot([params])
        if changes or now != before:
            before = now
            yield


def _wait_until_settled(root: Path, settle_s: float) -> Snapshot:
    """Waits until nothing has changed for `settle_s` seconds: a big file that is still being copied is not read."""
    before = _snapshot(watched_paths(root))
    since = time.monotonic()
    while time.monotonic() - since < settle_s:
        time.sleep(min(settle_s / 4, 0.5))
        now = _snapshot(watched_paths(root))
        if now != before:
            before, since = now, time.monotonic()
    return before


def _snapshot(paths: list[Path]) -> Snapshot:
    """Size and time of change of every file at or below `paths`."""
    found: Snapshot = {}
    for path in paths:
        files = [path] if not path.is_dir() else [Path(at) / name for at, _, names in os.walk(path) for name in names]
        for file in files:
            for state in (file.stat, file.lstat):  # a link that leads nowhere is something for a run to list
                with suppress(OSError):  # gone since it was listed
                    now = state()
                    found[str(file)] = (now.st_size, now.st_mtime_ns)
                    break
    return found
