"""A worker that renders part after part keeps its size."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from pathlib import Path

import psutil

from render.farm import local_farm
from render.farm.queue import FarmEvents
from render.job import Job
from render.parts.catalogue import Part
from render.views.settings import RenderSettings

PARTS = 24


def test_a_worker_does_not_grow(parts: list[Part], settings: RenderSettings, tmp_path: Path) -> None:
    small = replace(settings, views=1, size=32)
    many = [replace(parts[number % 2], part_id=f"p{number}") for number in range(PARTS)]
    jobs = [Job(part, tmp_path / part.file, small, 1, tmp_path / f"{part.part_id}.tmp") for part in many]
    sizes: list[int] = []
    # Tests share their process: a child that an earlier one left behind is not this farm's worker.
    left_behind = {child.pid for child in multiprocessing.active_children()}

    def measure(job: Job, device: str) -> None:
        (worker,) = (child for child in multiprocessing.active_children() if child.pid not in left_behind)
        sizes.append(psutil.Process(worker.pid).memory_info().rss)

    def lost(job: Job, reason: str) -> None:
        raise AssertionError(reason)

    events = FarmEvents(view_done=lambda job: None, part_done=measure, part_lost=lost)
    local_farm.run(jobs, 1, tmp_path / "logs", 240.0, events)
    assert len(sizes) == PARTS
    half = PARTS // 2
    # Once every kind of part was seen, more of them add less than 5 %.
    assert max(sizes[half:]) < 1.05 * max(sizes[:half])
    assert max(sizes) < 700e6
