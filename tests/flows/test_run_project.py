"""`cad2real run` for real, once: Prefect's embedded server, a retry, the no-op run, and nothing left over."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

PATIENCE_S = 120


def environment() -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return ours | {"PYTHONPATH": str(Path(__file__).parents[2])}


def cad2real(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cad2real", *arguments]
    return subprocess.run(command, cwd=project, env=environment(), capture_output=True, text=True, timeout=300)


def servers(project: Path) -> list[psutil.Process]:
    """Prefect's servers of the project that run."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            is_server = "prefect.server.api.server:create_app" in process.cmdline()
            if is_server and str(project) in process.environ().get("PREFECT_HOME", ""):
                found.append(process)
    return found


def wait_for_servers(project: Path, *, some: bool) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while bool(servers(project)) != some and time.monotonic() < deadline:
        time.sleep(0.05)
    return bool(servers(project)) == some


def test_a_run_with_a_retry_then_nothing_to_do(project: Path) -> None:
    # The second stage is killed on its first try only.
    stages = (project / "dvc.yaml").read_text()
    once = "if [ ! -e data/tried ]; then touch data/tried; kill -KILL $$; fi; "
    (project / "dvc.yaml").write_text(stages.replace("cmd: cat", f"cmd: {once}cat"))
    (project / "params.yaml").write_text("catalogue: {}\ntrain: {}\nflow: {retries: 1, retry_delay_s: 0}\n")

    first = cad2real(project, "run")
    assert first.returncode == 0, first.stderr
    assert "parts copied" in first.stderr
    assert "[2/2] second: ran" in first.stderr
    assert (project / "data" / "second.txt").read_text() == "bolt\n"
    assert servers(project) == []

    second = cad2real(project, "run")
    assert second.returncode == 0, second.stderr
    assert "Nothing has changed" in second.stderr

    wrong = cad2real(project, "run", "--set", "train.epochs=many")
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("error: params.yaml")
    assert "Traceback" not in wrong.stderr


def test_a_run_that_is_killed_while_its_server_starts_leaves_none(project: Path) -> None:
    command = [sys.executable, "-m", "cad2real", "run"]
    with (project / "log").open("w") as log:
        flow = subprocess.Popen(command, cwd=project, env=environment(), stdout=log, stderr=log, start_new_session=True)
    assert wait_for_servers(project, some=True), (project / "log").read_text()
    time.sleep(1)  # it does not answer yet
    flow.kill()
    flow.wait()
    assert wait_for_servers(project, some=False)
