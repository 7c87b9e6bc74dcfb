"""Fills the disk in each stage of a whole run in turn: the run ends with one line, and the next one goes on.

    sudo -E python tools/soak_disk.py

The project lies in a small file system of its own (tmpfs), which takes the right to mount. When a stage is announced
it is made as small as what lies in it; then the run has to end with one `error:` line and no traceback, and the next
run, with room again, has to finish that stage. About fifteen minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cad2real.params_editor import write_values
from tools.soak import make_project

SETTINGS = {
    "render": {"views": 4, "size": 64, "quality": "draft", "workers": 1},
    "photos": {"size": 64, "crop": "whole"},
    "train": {
        "backbone": "test_efficientnet", "weights": "random", "image_size": 32, "batch_size": 6, "epochs": 1,
        "steps_per_epoch": 2,
    },
}  # fmt: skip
ANNOUNCED = re.compile(r"\[\d+/\d+\] ([\w-]+):")
LEFT_KIB = (0, 64)
"""Room that is left in each stage, in turn: some things can be written before the last one cannot."""


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A file system of its own in `folder`."""
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        sys.exit("mount is not permitted here; run it as root")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


class FullDisk:
    """The file system at `root`, made as small as what lies in it and so many KiB, and large again."""

    def __init__(self, root: Path, size: str) -> None:
        self._root, self._size = root, size

    def fill(self, left_kib: int) -> None:
        found = os.statvfs(self._root)
        used_kib = (found.f_blocks - found.f_bfree) * found.f_frsize // 1024
        self._resize(f"{used_kib + left_kib}k")

    def free(self) -> None:
        self._resize(self._size)

    def _resize(self, size: str) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size}", self._root], check=True)


def run(project: Path, disk: FullDisk, stage: str | None, left_kib: int = 0) -> tuple[int, str, list[str]]:
    """A run of the project, whose disk is filled when `stage` is announced: its exit code, all it said, and the stages
    that it announced.
    """
    command = [sys.executable, "-m", "cad2real", "run"]
    process = subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said, stages = [], []
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        if found := ANNOUNCED.match(line):
            if found[1] not in stages:
                stages.append(found[1])
            if found[1] == stage:
                disk.fill(left_kib)
    return process.wait(), "".join(said), stages


def faults_of(code: int, said: str) -> list[str]:
    """What is wrong with how a run ended whose disk was full."""
    lines = [line for line in said.splitlines() if line.startswith("error: ")]
    faults = [] if code == 1 else [f"it ended with code {code}"]
    faults += [] if "Traceback" not in said else ["a traceback"]
    return faults + ([] if len(lines) == 1 and re.search("room|space", lines[0]) else [f"{len(lines)} lines: {lines}"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="8g", help="of the file system")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cad2real-soak-") as folder, small_disk(Path(folder), options.size):
        project, disk = Path(folder) / "project", FullDisk(Path(folder), options.size)
        make_project(project)
        values = [([block, key], value) for block, keys in SETTINGS.items() for key, value in keys.items()]
        write_values(project / "params.yaml", values)
        failed, stage, number = 0, "catalogue", 0
        while True:
            code, said, stages = run(project, disk, stage, LEFT_KIB[number % len(LEFT_KIB)])
            disk.free()
            if stage not in stages:
                print(f"a run with room again: code {code}, stages {stages}" + (f"\n{said[-3000:]}" if code else ""))
                return int(failed > 0 or code != 0)
            faults = faults_of(code, said)
            failed += bool(faults)
            line = next((line for line in said.splitlines() if line.startswith("error: ")), "")
            print(f"full in {stage}: {'; '.join(faults) or 'ok'}: {line}", flush=True)
            if faults:
                print(said[-3000:])
            stage, number = _next_stage(project, stage), number + 1


def _next_stage(project: Path, stage: str) -> str:
    names = re.findall(r"^  ([\w-]+):$", (project / "dvc.yaml").read_text(encoding="utf-8"), re.MULTILINE)
    return [*names, "none"][names.index(stage) + 1]


if __name__ == "__main__":
    sys.exit(main())
