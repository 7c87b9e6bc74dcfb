"""One renderer process and the pipe to it. It is replaced when it has died and after many parts."""

from __future__ import annotations

import multiprocessing
import shutil
import time
from contextlib import suppress
from pathlib import Path

from cad2real.import_path import keep_current_folder_from_children
from render.job import Done, Failed, Job, Message, SceneJob

PARTS_PER_PROCESS = 200
"""A process is replaced after this many parts, so that no leak can grow for long."""
MEMORY_BYTES = 700_000_000
"""Of one renderer process, generously."""


class Renderer[J: Job | SceneJob]:
    """Renders one job at a time: `submit` one, then `receive` until the answer is Done or Failed.

    `job` is what it is at work on, `last_message_s` when it last sent a message (monotonic seconds), `log` what Blender
    prints.
    """

    def __init__(self, logs: Path, number: int) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self.log = logs / f"renderer_{number}.log"
        self.log.unlink(missing_ok=True)
        self.job: J | None = None
        self._number = number
        self._start()

    def _start(self) -> None:
        from render.blender.worker import work

        keep_current_folder_from_children()
        context = multiprocessing.get_context("spawn")
        self.connection, its_end = context.Pipe()
        self._process = context.Process(
            target=work, name=f"renderer {self._number}", args=(its_end, self.log, self._number), daemon=True
        )
        self._process.start()
        its_end.close()
        self._parts = 0
        self.last_message_s = time.monotonic()

    def submit(self, job: J) -> None:
        """Sends it `job`, in a new process if the old one is dead or has rendered many parts."""
        if self._parts >= PARTS_PER_PROCESS or not self._process.is_alive():
            self.stop()
            self._start()
        shutil.rmtree(job.folder, ignore_errors=True)  # what a first try left
        self.job, self.last_message_s = job, time.monotonic()
        self._parts += 1
        with suppress(OSError):  # it died meanwhile, which `receive` finds
            self.connection.send(job)

    def receive(self) -> Message:
        """Takes its next message, waiting for it; its death is a failure that another try may mend."""
        if self.job is None:
            raise ValueError("an idle renderer sends nothing")
        try:
            message: Message = self.connection.recv()
        except (EOFError, OSError):
            message = self._failure_of_death(self.job)
        self.last_message_s = time.monotonic()
        if isinstance(message, Done | Failed):
            self.job = None
        return message

    def _failure_of_death(self, job: J) -> Failed:
        silent = time.monotonic() - self.last_message_s
        self._process.join(5)
        code = self._process.exitcode
        reason = f"the renderer died (exit code {code}) after {silent:.0f} s without a view; see {self.log}"
        return Failed(job.name, reason, retry=True)

    def kill(self) -> None:
        """Ends a process that hangs; `receive` then returns a failure."""
        self._process.kill()

    def stop(self) -> None:
        """Ends the process, at work or not."""
        with suppress(OSError):
            if self.job is None:
                self.connection.send(None)
                self._process.join(5)
        if self._process.is_alive():
            self._process.kill()
        self._process.join()
        self.connection.close()
