"""A full or a read-only disk is one line from every command that writes, without a traceback, on a real file system."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from cad2real.layout import Layout
from tests.train.conftest import write_renders

REPOSITORY = Path(__file__).parents[2]
PARAMS = """
catalogue: {}
photos: {}
train: {backbone: test_efficientnet, weights: random, image_size: 32, batch_size: 6, epochs: 1, steps_per_epoch: 2}
"""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own with a project of one part, one photo and a few renders."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", place], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("mount is not permitted here")
    try:
        (place / "data" / "parts").mkdir(parents=True)
        (place / "data" / "photos").mkdir()
        (place / "params.yaml").write_text(PARAMS)
        trimesh.creation.box((10, 20, 30)).export(place / "data" / "parts" / "box.stl")
        (place / "data" / "parts" / "parts.csv").write_text("part_id,file\nbox,box.stl\n")
        noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
        Image.fromarray(noise).save(place / "data" / "photos" / "one.png")
        write_renders(Layout(place).renders)
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def fill(disk: Path) -> None:
    with contextlib.suppress(OSError), (disk / "other_data").open("wb", buffering=0) as stream:
        while True:
            stream.write(bytes(4096))
    assert os.statvfs(disk).f_bavail == 0


def said(disk: Path, command: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}
    words = [sys.executable, "-m", "cad2real", *command.split()]
    done = subprocess.run(words, cwd=disk, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    (line,) = (line for line in done.stderr.splitlines() if line.startswith("error: "))
    return line


COMMANDS = ["catalogue", "photos", "train probe", "params --refresh"]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk(disk: Path, command: str) -> None:
    fill(disk)
    line = said(disk, command)
    assert "room" in line and ("No space" in line or "free" in line)


@pytest.mark.parametrize("command", [*COMMANDS, "run"])
def test_a_read_only_disk(disk: Path, command: str) -> None:
    shutil.copyfile(REPOSITORY / "flows" / "starter" / "dvc.yaml", disk / "dvc.yaml")
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    assert "Read-only file system" in said(disk, command)
