"""`cad2real run` for real, once: Prefect's embedded server, a retry, the no-op run, and nothing left over."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil


def cad2real(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return subprocess.run(
        [sys.executable, "-m", "cad2real", *arguments],
        cwd=project,
        env=environment | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=300,
    )


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
    servers = [
        process.info["pid"]
        for process in psutil.process_iter(["pid", "cmdline", "environ"])
        if str(project) in (process.info["environ"] or {}).get("PREFECT_HOME", "")
    ]
    assert servers == []

    second = cad2real(project, "run")
    assert second.returncode == 0, second.stderr
    assert "Nothing has changed" in second.stderr

    wrong = cad2real(project, "run", "--set", "train.epochs=many")
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("error: params.yaml")
    assert "Traceback" not in wrong.stderr
