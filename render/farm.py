"""The farm: renderer processes kept busy. One that dies or hangs loses only its part, which is tried once more."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path

from render.job import Done, Failed, Job, Message, ViewDone

TRIES = 2
PARTS_PER_WORKER = 200
"""A worker is replaced after this many parts, so that no leak can grow for long."""
WORKER_MEMORY_BYTES = 700_000_000
POLL_S = 0.5


@dataclass
class _Worker:
    process: multiprocessing.process.BaseProcess
    connection: Connection
    log: Path
    job: Job | None = None
    heard: float = field(default_factory=time.monotonic)
    parts: int = 0


@dataclass(frozen=True)
class Events:
    """What the farm tells: a view is done, a part is done (on which device), a part is lost (with the reason)."""

    view: Callable[[Job], None]
    done: Callable[[Job, str], None]
    lost: Callable[[Job, str], None]


def worker_count(wanted: int | str, parts: int, device: str = "auto") -> int:
    """How many workers to start: `wanted`, or one a graphics card, or one a core as far as memory carries them."""
    import psutil

    if isinstance(wanted, int):
        return max(1, min(wanted, parts))
    cards = len(list(Path("/dev").glob("nvidia[0-9]*"))) if device != "cpu" else 0
    if cards:
        return min(cards, parts)
    room = int(psutil.virtual_memory().available * 0.8 // WORKER_MEMORY_BYTES)
    return max(1, min(os.process_cpu_count() or 1, room, parts))


def run(jobs: list[Job], workers: int, logs: Path, view_limit_s: float, events: Events) -> None:
    """Renders all `jobs`; returns when nothing is left. A worker that is silent for `view_limit_s` is ended."""
    waiting = deque(jobs)
    tries = {job.part.part_id: 0 for job in jobs}
    pool = [_start(logs, number) for number in range(workers)]
    try:
        while waiting or any(worker.job for worker in pool):
            for at, worker in enumerate(pool):
                if worker.job is None and waiting:
                    if worker.parts >= PARTS_PER_WORKER or not worker.process.is_alive():
                        _stop(worker)
                        pool[at] = worker = _start(logs, at)
                    _give(worker, waiting.popleft(), tries)
            for worker, job in _ready(pool):
                lost = _listen(worker, job, events)
                if lost is not None:
                    reason, again = lost
                    if again and tries[job.part.part_id] < TRIES:
                        waiting.append(job)
                    else:
                        events.lost(job, reason)
            for worker in pool:
                if worker.job is not None and time.monotonic() - worker.heard > view_limit_s:
                    worker.process.kill()  # its end is noticed as a death in the next round
    finally:
        for worker in pool:
            _stop(worker)


def _give(worker: _Worker, job: Job, tries: dict[str, int]) -> None:
    shutil.rmtree(job.folder, ignore_errors=True)  # what a first try left
    tries[job.part.part_id] += 1
    worker.job, worker.heard, worker.parts = job, time.monotonic(), worker.parts + 1
    with suppress(OSError):  # it died meanwhile, which `_listen` finds
        worker.connection.send(job)


def _ready(pool: list[_Worker]) -> list[tuple[_Worker, Job]]:
    """Busy workers that have something to say, with their jobs."""
    busy = [(worker, worker.job) for worker in pool if worker.job is not None]
    ready = wait([worker.connection for worker, _ in busy], timeout=POLL_S)
    return [(worker, job) for worker, job in busy if worker.connection in ready]


def _listen(worker: _Worker, job: Job, events: Events) -> tuple[str, bool] | None:
    """Takes one message of `worker`; returns (reason, try again) when its part is lost."""
    try:
        message: Message = worker.connection.recv()
    except (EOFError, OSError):
        silent = time.monotonic() - worker.heard
        worker.process.join(5)
        worker.job = None
        code = worker.process.exitcode
        return f"the renderer died (exit code {code}) after {silent:.0f} s without a view; see {worker.log}", True
    worker.heard = time.monotonic()
    if isinstance(message, ViewDone):
        events.view(job)
    elif isinstance(message, Done):
        worker.job = None
        events.done(job, message.device)
    elif isinstance(message, Failed):
        worker.job = None
        return message.reason, message.retry
    return None


def _start(logs: Path, number: int) -> _Worker:
    from render.blender.worker import work

    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"renderer_{number}.log"
    log.unlink(missing_ok=True)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(theirs, log, number), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours, log)


def _stop(worker: _Worker) -> None:
    with suppress(OSError):
        if worker.job is None:
            worker.connection.send(None)
            worker.process.join(5)
    if worker.process.is_alive():
        worker.process.kill()
    worker.process.join()
    worker.connection.close()
