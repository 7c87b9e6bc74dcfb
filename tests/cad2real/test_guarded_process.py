"""A process that may be lost: what ends it costs one question, and nothing that it says is executed."""

from __future__ import annotations

import os
import pickle
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cad2real.errors import UserError
from cad2real.guarded_process import GivenUpError, GuardedProcess, Limits

LIMITS = Limits(cpu_s=20, wall_s=20.0, memory=200_000_000)


class Harmful:
    """Makes a file when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str, int]]:
        return os.mkdir, (os.environ["HARM"], 0o700)


def prepare() -> Callable[[str], Iterator[bytes]]:
    return work


def work(question: str) -> Iterator[bytes]:
    if question == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if question == "leave":
        os._exit(3)
    if question == "hang":
        time.sleep(60)
    if question == "compute":
        while True:
            pass
    if question == "memory":
        bytes(400_000_000)
    if question == "harm":
        yield pickle.dumps(Harmful())
    yield f"{question} 1".encode()
    yield f"{question} 2".encode()


def test_it_answers_and_stays_for_the_next_question() -> None:
    process = GuardedProcess("tries", prepare, LIMITS)
    try:
        for question in ("a", "b"):
            assert process.ask(question) == f"{question} 1".encode()
            assert process.further() == f"{question} 2".encode()
        with pytest.raises(GivenUpError, match="memory"):
            process.ask("memory")
        assert process.ask("c") == b"c 1"
    finally:
        process.close()


@pytest.mark.parametrize(
    ("question", "reason"), [("crash", "crash SIGSEGV"), ("leave", "crash exit code 3"), ("compute", "computing")]
)
def test_what_ends_it_costs_one_question(question: str, reason: str) -> None:
    process = GuardedProcess("tries", prepare, Limits(1, 20.0, 200_000_000))
    try:
        with pytest.raises(GivenUpError, match=reason):
            process.ask(question)
        with pytest.raises(GivenUpError, match="before"):
            process.further()
        assert process.ask("next") == b"next 1"
    finally:
        process.close()


def test_what_hangs_is_ended() -> None:
    process = GuardedProcess("tries", prepare, Limits(20, 0.2, 200_000_000))
    try:
        with pytest.raises(GivenUpError, match="time"):
            process.ask("hang")
        assert process._process is None
    finally:
        process.close()


def test_what_it_says_is_never_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARM", str(tmp_path / "harm"))
    process = GuardedProcess("tries", prepare, LIMITS)
    try:
        assert process.ask("harm").startswith(b"\x80")  # bytes, as they came
        assert not (tmp_path / "harm").exists()
    finally:
        process.close()


def test_one_that_does_not_start_says_so() -> None:
    process = GuardedProcess("tries", os.abort, LIMITS)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="The process that tries does not start"):
        process.ask("a")
