"""Jobs that wait for a renderer. A part that is lost is tried once more, then given up."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from render.job import Failed, Job

TRIES = 2


@dataclass(frozen=True)
class FarmEvents:
    """What a farm calls: when a view is done, when a part is done (with the device's name), when a part is lost (with
    the reason).
    """

    view_done: Callable[[Job], None]
    part_done: Callable[[Job, str], None]
    part_lost: Callable[[Job, str], None]


class JobQueue:
    """Hands out jobs in their order, those to be tried again last."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._waiting = deque(jobs)
        self._tries: dict[str, int] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def take(self) -> Job:
        job = self._waiting.popleft()
        self._tries[job.part.part_id] = self._tries.get(job.part.part_id, 0) + 1
        return job

    def failed(self, job: Job, failure: Failed, events: FarmEvents) -> None:
        """Puts the job back into the queue, or reports that its part is lost."""
        if failure.retry and self._tries[job.part.part_id] < TRIES:
            self._waiting.append(job)
        else:
            events.part_lost(job, failure.reason)
