"""Scratch folders go with their process, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from render.scratch import scratch_folder

HOLD = "from render.scratch import scratch_folder\nwith scratch_folder() as f:\n    print(f, flush=True)\n    input()"


def test_the_next_process_sweeps_what_a_killed_one_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "TMPDIR": str(tmp_path)}
    held = subprocess.Popen(
        [sys.executable, "-c", HOLD], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert held.stdout is not None
    folder = Path(held.stdout.readline().strip())
    assert folder.parent == tmp_path
    with scratch_folder() as ours:
        assert ours.is_dir()
        assert folder.is_dir()  # its process lives
    assert not ours.exists()
    held.send_signal(signal.SIGKILL)
    held.wait()
    assert folder.is_dir()
    with scratch_folder():
        assert not folder.exists()
    assert list(tmp_path.iterdir()) == []
