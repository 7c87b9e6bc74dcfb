"""Work on strangers' files in a process that may be lost.

A damaged file can end the process that reads it (a signal of some library's C++), keep it busy for hours or fill its
memory. So such files are read by a process of its own, with limits. It stays for the next file; when it is lost,
another takes its place, and only that file is given up. Its answers are plain bytes: nothing that it says is executed.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Literal

from cad2real.errors import UserError
from cad2real.import_path import keep_current_folder_from_children
from cad2real.process_limits import limit_cpu, limit_memory, most_reserved

START_S = 600.0
MOST_ANSWER = 2**30  # bytes
WORN = 0.25
"""Of its memory: what a file took is not all given back, so that after a large one the next would find less than its
share. A process that has once held more than this gets no other question."""
PR_SET_PDEATHSIG = 1
READY, ANSWER, TOO_LARGE = b"r", b"a", b"m"

type Work[Question] = Callable[[Question], Iterator[bytes]]
"""What the process does with a question: it yields as many answers as whoever asks takes."""


@dataclass(frozen=True)
class Limits:
    """What one question may take: `cpu_s` of computing, `wall_s` until an answer is taken for one that never comes,
    `memory` in bytes beside what the libraries take.
    """

    cpu_s: int
    wall_s: float
    memory: int


class GivenUpError(Exception):
    """A question has no answer: a limit was reached (`time` on the wall, `computing`, `memory`), or the process ended
    over it (`crash`); `detail`: by which signal or exit code.
    """

    def __init__(self, reason: Literal["time", "computing", "memory", "crash"], detail: str = "") -> None:
        super().__init__(f"{reason} {detail}".strip())
        self.reason, self.detail = reason, detail


class NotStartedError(UserError):
    """The process cannot be started: nobody's file is to blame."""


class GuardedProcess[Question]:
    """Asks a process that starts with the first question; not for several threads at once.

    `prepare` is called there once, before limits count: it loads libraries and returns the work. `task` says what the
    process does, for people. Both have to be picklable.
    """

    def __init__(self, task: str, prepare: Callable[[], Work[Question]], limits: Limits) -> None:
        self._task, self._prepare, self._limits = task, prepare, limits
        self._process: multiprocessing.process.BaseProcess | None = None
        self._is_ready = False
        self._held_at_start = 0

    def start(self) -> None:
        """Begins to start the process where there is none, or one that is worn, and does not wait for it: to be asked
        sooner. Raises NotStartedError.
        """
        if self._process is not None and self._process.is_alive() and not self._is_worn():
            return
        self.close()
        keep_current_folder_from_children()
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self._prepare, self._limits), daemon=True)
        try:
            process.start()
        except OSError as error:  # there is no room for one
            raise self._not_started(f" ({error.strerror})") from None
        finally:
            theirs.close()
        self._process = process

    def ask(self, question: Question) -> bytes:
        """The first answer to `question`. Whoever asks knows how many there are, and takes all of them before the next
        question. Raises GivenUpError, and NotStartedError.
        """
        self.start()
        self._wait_until_ready()
        with suppress(OSError):  # it is gone: the answer says why
            self._connection.send(question)
        return self.further()

    def further(self) -> bytes:
        """The next answer to the same question. Raises GivenUpError, as for every one after it."""
        if self._process is None:
            raise GivenUpError("crash", "it was given up before")
        answer = None
        try:
            if self._connection.poll(self._limits.wall_s):
                answer = self._connection.recv_bytes(MOST_ANSWER)
        except (EOFError, OSError):
            raise self._loss() from None
        if answer is None:
            self.close()
            raise GivenUpError("time")
        if answer[:1] == TOO_LARGE:
            raise GivenUpError("memory")
        return answer[1:]

    def close(self) -> None:
        """Ends the process, at work or not."""
        process, self._process, self._is_ready = self._process, None, False
        if process is not None:
            process.kill()
            process.join()
            self._connection.close()

    def _wait_until_ready(self) -> None:
        if self._is_ready:
            return
        with suppress(EOFError, OSError):
            if self._connection.poll(START_S) and self._connection.recv_bytes(1) == READY:
                self._is_ready = True
                self._held_at_start = most_reserved(self._process.pid) if self._process else 0
                return
        self.close()
        raise self._not_started()

    def _is_worn(self) -> bool:
        if self._process is None or not self._is_ready:
            return False
        return most_reserved(self._process.pid) - self._held_at_start > WORN * self._limits.memory

    def _not_started(self, why: str = "") -> NotStartedError:
        what = f"The process that {self._task} does not start{why}."
        return NotStartedError(what, "Say `cad2real doctor`, or see to free memory.")

    def _loss(self) -> GivenUpError:
        """Why the process is gone."""
        process = self._process
        if process is None:  # another thread has closed it
            return GivenUpError("crash", "it was ended")
        process.join(10)
        code = process.exitcode
        self.close()
        if code == -signal.SIGXCPU:
            return GivenUpError("computing")
        return GivenUpError(
            "crash", signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"
        )


def _serve[Question](connection: Connection, prepare: Callable[[], Work[Question]], limits: Limits) -> None:
    """The process: answers until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    _end_with_parent()
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    work = prepare()
    limit_memory(limits.memory)
    connection.send_bytes(READY)
    while True:
        try:
            question = connection.recv()
        except (EOFError, OSError):
            return
        limit_cpu(limits.cpu_s)
        try:
            for answer in work(question):
                connection.send_bytes(ANSWER + answer)
        except MemoryError:
            connection.send_bytes(TOO_LARGE)


def _end_with_parent() -> None:
    """Even where the parent is killed with -9 while a file keeps this process busy: Linux sees to it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = multiprocessing.parent_process()
    if parent is None or os.getppid() != parent.pid:  # it ended before
        os._exit(1)
