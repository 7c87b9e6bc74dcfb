"""What a killed DVC leaves in its lock file never stops a later run; what a living one holds stays."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from flows.dvc.locks import remove_stale_locks
from flows.init_project import init_project
from flows.project import prepare, project_lock
from flows.stages import stale_stages


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / ".dvc" / "tmp" / "rwlock"
    path.parent.mkdir(parents=True)
    return path


@pytest.fixture
def zombie():
    """The number of a process that has ended and that nobody has waited for."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    yield process.pid
    process.wait()


def entry(pid: int) -> dict[str, object]:
    return {"pid": pid, "cmd": "dvc repro render"}


def held(lock: Path) -> dict[str, dict[str, object]]:
    return json.loads(lock.read_text())


def test_entries_of_zombies_and_of_processes_that_are_gone_are_freed_and_those_of_living_ones_stay(
    lock: Path, tmp_path: Path, zombie: int
) -> None:
    living = entry(os.getpid())
    gone = entry(2**22 - 1)  # above the largest number that Linux gives
    lock.write_text(
        json.dumps({"write": {"/a": entry(zombie), "/b": living}, "read": {"/c": [gone], "/d": [gone, living]}})
    )
    remove_stale_locks(tmp_path)
    assert held(lock) == {"write": {"/b": living}, "read": {"/d": [living]}}


def test_a_process_that_began_after_the_file_was_written_did_not_write_it(lock: Path, tmp_path: Path) -> None:
    lock.write_text(json.dumps({"write": {"/a": entry(os.getpid())}, "read": {}}))
    remove_stale_locks(tmp_path)
    assert held(lock)["write"]
    os.utime(lock, (1, 1))
    remove_stale_locks(tmp_path)
    assert not held(lock)["write"]


@pytest.mark.parametrize("text", ['{"write": {"/a', "", "[]", '{"write": {"/a": 3}}', '{"write": {"/a": {}}}'])
def test_a_file_that_cannot_be_read_is_removed(lock: Path, tmp_path: Path, text: str) -> None:
    lock.write_text(text)
    remove_stale_locks(tmp_path)
    assert not lock.exists()


def test_without_a_file_nothing_happens(tmp_path: Path) -> None:
    remove_stale_locks(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_project_whose_dvc_was_killed_can_be_asked_again(tmp_path: Path, zombie: int) -> None:
    root = tmp_path / "project"
    init_project(root)
    prepare(root)
    renders = str((root / "data" / "renders").resolve())
    lock = root / ".dvc" / "tmp" / "rwlock"
    lock.parent.mkdir(exist_ok=True)
    for text in (json.dumps({"write": {renders: entry(zombie)}, "read": {}}), '{"write": {'):
        lock.write_text(text)
        with project_lock(root):
            assert "render" in stale_stages(root)
