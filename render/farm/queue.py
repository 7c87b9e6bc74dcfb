"""Jobs that wait for a renderer. A part that is lost is tried once more, then given up."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from render.job import Failed, Job, SceneJob

TRIES = 2


@dataclass(frozen=True)
class FarmEvents[J: Job | SceneJob]:
    """What a farm calls: when a view is done, when a part or scene is done (with the device's name), when one is lost
    (with the reason).
    """

    view_done: Callable[[J], None]
    part_done: Callable[[J, str], None]
    part_lost: Callable[[J, str], None]


class JobQueue[J: Job | SceneJob]:
    """Hands out jobs in their order, those to be tried again last."""

    def __init__(self, jobs: Iterable[J]) -> None:
        self._waiting = deque(jobs)
        self._tries: dict[str, int] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def take(self) -> J:
        job = self._waiting.popleft()
        self._tries[job.name] = self._tries.get(job.name, 0) + 1
        return job

    def failed(self, job: J, failure: Failed, events: FarmEvents[J]) -> None:
        """Puts the job back into the queue, or reports that its part is lost."""
        if failure.retry and self._tries[job.name] < TRIES:
            self._waiting.append(job)
        else:
            events.part_lost(job, failure.reason)
