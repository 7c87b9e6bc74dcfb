"""kill -9 in the middle of a run: nothing is left over, and the next run ends as an undisturbed one would.

The quick form, without Prefect; tools/soak.py is the long one, with real renders.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from small_project import make_small_project

from flows.health.verify import verify
from flows.project import prepare

# Writes ten files into its output, whole one by one, keeps those that are there, and says when it is half done.
SLOW = """
import pathlib, time
out = pathlib.Path("data/slow")
out.mkdir(parents=True, exist_ok=True)
for number in range(10):
    path = out / f"{number}.txt"
    if not path.exists():
        path.with_suffix(".tmp").write_text(str(number))
        path.with_suffix(".tmp").rename(path)
    if number == 5 and not pathlib.Path("data/halted").exists():
        pathlib.Path("data/halted").touch()
        print("half done", flush=True)
        time.sleep(60)
"""
SLOW_STAGE = """\
  slow:
    cmd: python slow.py
    deps: [slow.py]
    outs:
      - data/slow: {persist: true}
"""
RUN = """
from pathlib import Path
from flows.pipeline import run_stage, run_stages
from flows.stages import read_stages, stale_stages
root = Path()
stages = read_stages(root)
run_stages(root, stages, stale=list(stale_stages(root)), force=False, logs=root / "data/logs", runner=run_stage)
"""
PATIENCE_S = 60


def start(root: Path) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "FAULTS_OF": str(root)}
    return subprocess.Popen(
        [sys.executable, "-c", RUN],
        cwd=root,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def processes(root: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("FAULTS_OF") == str(root) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.mark.parametrize("victim", ["flow", "dvc"])
def test_kill_9_is_mended_by_the_next_run(tmp_path: Path, victim: str) -> None:
    root = make_small_project(tmp_path / "project", SLOW_STAGE)
    (root / "slow.py").write_text(SLOW)
    prepare(root)
    with start(root) as flow:
        assert flow.stderr is not None
        for line in flow.stderr:
            if "half done" in line:
                break
        for process in processes(root):
            with contextlib.suppress(psutil.Error):  # ended since it was listed
                command = " ".join(process.cmdline())
                if process.pid == flow.pid if victim == "flow" else "dvc repro" in command:
                    process.send_signal(signal.SIGKILL)
        flow.wait(PATIENCE_S)
    deadline = time.monotonic() + PATIENCE_S
    while processes(root) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert processes(root) == []

    with start(root) as again:
        _, said = again.communicate(timeout=PATIENCE_S)
    assert again.returncode == 0, said
    assert {path.name: path.read_text() for path in (root / "data" / "slow").iterdir()} == {
        f"{number}.txt": str(number) for number in range(10)
    }
    assert verify(root, deep=True) == []
