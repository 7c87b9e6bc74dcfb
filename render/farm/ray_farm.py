"""The farm on a Ray cluster: the same work as render.farm.local_farm, spread by part over the nodes' renderers.

A renderer that dies or hangs, or a node that is lost, loses only its parts, which are tried once more elsewhere.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cad2real.errors import UserError
from render.farm.queue import FarmEvents, JobQueue
from render.farm.ray_cluster import Allocation, Cluster, allocate, connected
from render.farm.ray_renderer import Files, NodeError, NodeRenderer, RenderedPart, versions
from render.farm.renderer import MEMORY_BYTES
from render.job import Failed, Job, Started, ViewDone
from render.materials.beside import files_beside
from render.views.settings_files import settings_files

POLL_S = 0.5
PLACE_LIMIT_S = 600.0
"""Give up when for this long no renderer could be placed in the cluster; an autoscaler may need minutes."""
GRACE_S = 60.0
"""Added to the view's limit for what the node itself does not notice any more."""
CLOSE_S = 5.0


@dataclass
class _Remote:
    """An actor on some node. `pending` is what it has yet to answer: its start, or the stream of its job."""

    number: int
    actor: Any
    pending: Any
    ready: bool = False
    job: Job | None = None
    last_message_s: float = field(default_factory=time.monotonic)


def run(
    jobs: list[Job], workers: int | str, cluster: Cluster, logs: Path, view_limit_s: float, events: FarmEvents[Job]
) -> None:
    """Renders all `jobs` (their number of threads is the cluster's matter); returns when nothing is left."""
    with connected(cluster):
        allocation = allocate(workers, len(jobs), jobs[0].device)
        _Farm(jobs, allocation, logs, view_limit_s, events).run()


class _Farm:
    def __init__(
        self, jobs: list[Job], allocation: Allocation, logs: Path, view_limit_s: float, events: FarmEvents[Job]
    ) -> None:
        import ray

        self._ray = ray
        self._queue = JobQueue(jobs)
        self._allocation, self._logs, self._limit_s, self._events = allocation, logs, view_limit_s, events
        self._files = ray.put({name: path.read_bytes() for name, path in settings_files(jobs[0].settings).items()})
        self._pool: list[_Remote] = []
        self._ready = time.monotonic()

    def run(self) -> None:
        self._logs.mkdir(parents=True, exist_ok=True)
        try:
            for number in range(self._allocation.renderers):
                (self._logs / f"renderer_{number}.log").unlink(missing_ok=True)
                self._pool.append(self._start(number))
            while self._queue or any(remote.job for remote in self._pool):
                for remote in self._pool:
                    if remote.ready and remote.job is None and self._queue:
                        self._submit(remote, self._queue.take())
                self._receive()
                self._replace_silent()
        finally:
            self._close()

    def _start(self, number: int) -> _Remote:
        actor = (
            self._ray.remote(NodeRenderer)
            .options(num_cpus=self._allocation.threads, num_gpus=self._allocation.card, memory=MEMORY_BYTES)
            .remote(number, self._files, versions())
        )
        return _Remote(number, actor, actor.start.remote())

    def _submit(self, remote: _Remote, job: Job) -> None:
        remote.job, remote.last_message_s = job, time.monotonic()
        try:
            cad = cad_files(job.file)
        except OSError as error:
            remote.job = None
            self._queue.failed(job, Failed(job.part.part_id, f"{job.file.name}: {error.strerror}", False), self._events)
            return
        sent = replace(job, threads=self._allocation.threads)
        remote.pending = remote.actor.render.options(num_returns="streaming").remote(sent, cad, self._limit_s)

    def _receive(self) -> None:
        """Takes one message of each renderer that has one."""
        by_answer = {id(remote.pending): remote for remote in self._pool if remote.job is not None or not remote.ready}
        waiting = [remote.pending for remote in by_answer.values()]
        if not waiting:
            return
        ready, _ = self._ray.wait(waiting, num_returns=len(waiting), timeout=0)
        if not ready:
            ready, _ = self._ray.wait(waiting, num_returns=1, timeout=POLL_S)
        for answer in ready:
            remote = by_answer[id(answer)]
            try:
                self._handle(remote, self._ray.get(answer if remote.job is None else next(answer)))
            except (self._ray.exceptions.RayError, StopIteration) as error:
                self._replace(remote, f"its node or process was lost ({type(error).__name__})")

    def _handle(self, remote: _Remote, message: object) -> None:
        remote.last_message_s = self._ready = time.monotonic()
        if isinstance(message, NodeError):
            raise UserError(f"The cluster cannot render: {message.reason}.", "Install the same cad2real on every node.")
        if remote.job is None:
            remote.ready = True
            return
        job = remote.job
        if isinstance(message, ViewDone):
            self._events.view_done(job)
        elif isinstance(message, RenderedPart):
            remote.job = None
            self._save(remote, job, message)
        elif isinstance(message, Failed):
            remote.job = None
            self._queue.failed(job, message, self._events)
        else:
            assert isinstance(message, Started)  # noqa: S101

    def _save(self, remote: _Remote, job: Job, rendered: RenderedPart) -> None:
        """Writes the files under the job's temporary name; `part_done` then moves them into place."""
        shutil.rmtree(job.folder, ignore_errors=True)
        job.folder.mkdir(parents=True)
        for name, content in rendered.files.items():
            (job.folder / name).write_bytes(content)
        with (self._logs / f"renderer_{remote.number}.log").open("a", encoding="utf-8") as log:
            log.write(rendered.log)
        self._events.part_done(job, rendered.device)

    def _replace_silent(self) -> None:
        now = time.monotonic()
        for remote in self._pool:
            if remote.job is not None and now - remote.last_message_s > self._limit_s + GRACE_S:
                self._replace(remote, f"nothing was heard of it for {now - remote.last_message_s:.0f} s")
        if not any(remote.ready for remote in self._pool) and now - self._ready > PLACE_LIMIT_S:
            raise UserError(
                f"For {PLACE_LIMIT_S:.0f} s no node of the Ray cluster had room for a renderer "
                f"({self._allocation.threads} core(s), {MEMORY_BYTES / 1e9:.1f} GB).",
                "Look at `ray status`; add nodes, or wait until others have ended.",
            )

    def _replace(self, remote: _Remote, reason: str) -> None:
        """Replaces a renderer; its job goes back into the queue, or is lost."""
        if remote.job is not None:
            died = f"the renderer {remote.number} died: {reason}"
            self._queue.failed(remote.job, Failed(remote.job.part.part_id, died, retry=True), self._events)
        self._ray.kill(remote.actor)
        self._pool[self._pool.index(remote)] = self._start(remote.number)

    def _close(self) -> None:
        """Ends the renderers, with a moment to tidy up for those that are idle."""
        ended = [remote.actor.close.remote() for remote in self._pool if remote.ready and remote.job is None]
        if ended:
            self._ray.wait(ended, num_returns=len(ended), timeout=CLOSE_S)
        for remote in self._pool:
            self._ray.kill(remote.actor)


def cad_files(path: Path) -> Files:
    """The CAD file and the files beside it that it needs."""
    home = path.parent.resolve()
    files = {path.name: path.read_bytes()}
    for beside in (*files_beside(path, "buffers"), *files_beside(path, "images")):
        files[beside.relative_to(home).as_posix()] = beside.read_bytes()
    return files
