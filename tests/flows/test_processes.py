"""A command runs in a group of its own, streams its lines, and nothing of the group survives."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from flows.processes import run_group

# A command that leaves a child in the background and says the child's process id.
LEAVES_A_CHILD = "sleep 60 >/dev/null 2>&1 & echo $!"


def is_alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_until_gone(pid: int, seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not is_alive(pid)


def test_lines_reach_caller_and_log(tmp_path: Path) -> None:
    lines: list[str] = []
    log = tmp_path / "logs" / "run.log"
    finished = run_group(["sh", "-c", "echo one; echo two >&2; exit 3"], tmp_path, log, lines.append)
    assert sorted(lines) == ["one", "two"]
    assert sorted(log.read_text().split()) == ["one", "two"]
    assert finished.exit_code == 3
    assert sorted(finished.last_lines) == ["one", "two"]


def test_the_command_runs_in_the_folder_with_the_environment(tmp_path: Path) -> None:
    lines: list[str] = []
    run_group(["sh", "-c", "pwd; echo $WHAT"], tmp_path, tmp_path / "log", lines.append, {**os.environ, "WHAT": "this"})
    assert lines == [str(tmp_path.resolve()), "this"]


def test_children_that_outlive_the_command_are_ended(tmp_path: Path) -> None:
    lines: list[str] = []
    run_group(["sh", "-c", LEAVES_A_CHILD], tmp_path, tmp_path / "log", lines.append)
    assert not is_alive(int(lines[0]))


def test_a_command_killed_by_a_signal_says_so(tmp_path: Path) -> None:
    finished = run_group(["sh", "-c", "kill -KILL $$"], tmp_path, tmp_path / "log", print)
    assert finished.exit_code == -signal.SIGKILL


def test_kill_9_of_the_leader_alone_ends_the_rest(tmp_path: Path) -> None:
    pids: list[int] = []

    def kill_leader(line: str) -> None:
        leader, child = (int(word) for word in line.split())
        pids.append(child)
        os.kill(leader, signal.SIGKILL)

    run_group(["sh", "-c", "sleep 60 & echo $$ $!; wait"], tmp_path, tmp_path / "log", kill_leader)
    assert not is_alive(pids[0])


def test_an_interrupt_ends_the_group(tmp_path: Path) -> None:
    pids: list[int] = []

    def interrupt(line: str) -> None:
        pids.append(int(line))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_group(["sh", "-c", f"{LEAVES_A_CHILD}; wait"], tmp_path, tmp_path / "log", interrupt)
    assert not is_alive(pids[0])


def test_kill_9_of_the_runner_ends_the_group(tmp_path: Path) -> None:
    script = f"""
from pathlib import Path
from flows.processes import run_group
run_group(["sh", "-c", {LEAVES_A_CHILD + "; wait"!r}], Path("."), Path("log"), lambda line: print(line, flush=True))
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, text=True, env=environment
    ) as runner:
        assert runner.stdout is not None
        child = int(runner.stdout.readline())
        assert is_alive(child)
        runner.kill()
        runner.wait()
        assert wait_until_gone(child)
