"""The farm on this machine: renderers kept busy. One that dies or hangs loses its part only, which is tried again."""

from __future__ import annotations

import os
import time
from multiprocessing.connection import wait
from pathlib import Path

from render.farm.queue import FarmEvents, JobQueue
from render.farm.renderer import MEMORY_BYTES, Renderer
from render.job import Done, Failed, Job, SceneJob, ViewDone

POLL_S = 0.5


def worker_count(wanted: int | str, parts: int, device: str) -> int:
    """How many workers to start: `wanted`, or one a graphics card, or one a core as far as memory carries them."""
    import psutil

    if isinstance(wanted, int):
        return max(1, min(wanted, parts))
    cards = len(list(Path("/dev").glob("nvidia[0-9]*"))) if device != "cpu" else 0
    if cards:
        return min(cards, parts)
    room = int(psutil.virtual_memory().available * 0.8 // MEMORY_BYTES)
    return max(1, min(os.process_cpu_count() or 1, room, parts))


def run[J: Job | SceneJob](jobs: list[J], workers: int, logs: Path, view_limit_s: float, events: FarmEvents[J]) -> None:
    """Renders all `jobs`; returns when nothing is left. A worker that is silent for `view_limit_s` is ended."""
    queue = JobQueue(jobs)
    pool: list[Renderer[J]] = []
    try:
        for number in range(workers):
            pool.append(Renderer(logs, number))
        while queue or any(renderer.job for renderer in pool):
            for renderer in pool:
                if renderer.job is None and queue:
                    renderer.submit(queue.take())
            for renderer, job in _ready(pool):
                message = renderer.receive()
                if isinstance(message, ViewDone):
                    events.view_done(job)
                elif isinstance(message, Done):
                    events.part_done(job, message.device)
                elif isinstance(message, Failed):
                    queue.failed(job, message, events)
            for renderer in pool:
                if renderer.job is not None and time.monotonic() - renderer.last_message_s > view_limit_s:
                    renderer.kill()  # its end is noticed as a death in the next round
    finally:
        for renderer in pool:
            renderer.stop()


def _ready[J: Job | SceneJob](pool: list[Renderer[J]]) -> list[tuple[Renderer[J], J]]:
    """Busy renderers that have something to say, with their jobs."""
    busy = [(renderer, renderer.job) for renderer in pool if renderer.job is not None]
    ready = wait([renderer.connection for renderer, _ in busy], timeout=POLL_S)
    return [(renderer, job) for renderer, job in busy if renderer.connection in ready]
