"""A run, its DVC and its Prefect server speak to this machine only, whatever its libraries would like to report."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import trimesh

from flows.init_project import init_project

RECORDER = """
import os, sys

def record(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        place = arguments[1] if event != "socket.getaddrinfo" else arguments[0]
        with open(os.environ["CONNECTIONS"], "a") as file:
            file.write(f"{event} {place!r}\\n")

sys.addaudithook(record)
"""
THIS_MACHINE = ("'127.0.0.1'", "('127.0.0.1'", "'localhost'", "('localhost'", "'::1'", "('::1'", "b'127.0.0.1'", "'/")
QUIET = ("DO_NOT_TRACK", "DVC_NO_ANALYTICS", "ITERATIVE_DO_NOT_TRACK", "PREFECT_SERVER_ANALYTICS_ENABLED")


def test_a_run_connects_to_nothing_beyond_this_machine(tmp_path: Path) -> None:
    root, hook = tmp_path / "project", tmp_path / "hook"
    init_project(root)
    trimesh.creation.box((10, 20, 30)).export(root / "data" / "parts" / "box.stl")
    (root / "data" / "parts" / "parts.csv").write_text("part_id,file\nbox,box.stl\n")
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(RECORDER)
    environment = {name: value for name, value in os.environ.items() if name not in QUIET}
    paths = os.pathsep.join([str(hook), str(Path(__file__).parents[2])])
    done = subprocess.run(
        [sys.executable, "-m", "cad2real", "run", "--stage", "catalogue"],
        cwd=root,
        env=environment | {"PYTHONPATH": paths, "CONNECTIONS": str(tmp_path / "connections")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    said = (tmp_path / "connections").read_text().splitlines()
    assert any("127.0.0.1" in line for line in said), "the recorder works: Prefect's server was asked"
    assert [line for line in said if not line.split(" ", 1)[1].startswith((*THIS_MACHINE, "None"))] == []
