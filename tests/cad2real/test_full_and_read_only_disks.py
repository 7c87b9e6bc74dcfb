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

from cad2real.cli import main
from cad2real.files import write_json
from cad2real.layout import Layout
from flows.pipeline import explain_failure
from flows.processes import FinishedProcess
from tests.train.conftest import CLASSES, draw_shape, write_renders

REPOSITORY = Path(__file__).parents[2]
PARAMS = """
catalogue: {}
render: {views: 2, size: 32, workers: 1}
photos: {crop: whole}
find: {}
segment: {image_size: 64, batch_size: 2, steps: 1}
train: {backbone: test_efficientnet, weights: random, image_size: 32, batch_size: 6, epochs: 1, steps_per_epoch: 2}
search: {}
"""
STAGES = {
    "catalogue": ["data/catalogue.json"],
    "render": ["data/renders"],
    "train find": ["data/models/find"],
    "segment train": ["data/models/segment"],
    "photos": ["data/squares"],
    "train probe": ["data/models/probe"],
    "train finetune": ["data/models/finetune"],
    "train adapt": ["data/models/adapt"],
    "evaluate": ["data/reports"],
    "index": ["data/index"],
    "report": ["data/reports/report.html"],
}
"""Commands that write, and what they write: it is deleted before."""
OTHERS = ["params --refresh", "params --schema schema.json", "train tune"]
FINISHED = ["catalogue", "photos", "train probe", "train finetune", "train adapt", "evaluate", "index", "report"]
FILLS_UP = {"train adapt": 400, "index": 20, "report": 20}
"""Commands that find some room when they start, in KiB, and need more."""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of one part, one photo and a few renders and squares that has run to its report."""
    root = tmp_path_factory.mktemp("finished")
    (root / "data" / "parts").mkdir(parents=True)
    (root / "data" / "photos").mkdir()
    (root / "params.yaml").write_text(PARAMS)
    trimesh.creation.box((10, 20, 30)).export(root / "data" / "parts" / "box.stl")
    (root / "data" / "parts" / "parts.csv").write_text("part_id,file\nbox,box.stl\n")
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    Image.fromarray(noise).save(root / "data" / "photos" / "one.png")
    layout = Layout(root)
    write_renders(layout.renders)
    parts = sorted(folder.name for folder in layout.renders.iterdir())
    write_json(layout.renders / "renders.json", {"parts": parts, "failed": []})
    for label in CLASSES:
        (root / "data" / "photos" / label).mkdir()
        for number in range(2):
            picture = draw_shape(label, 48, (90, 90, 95), np.random.default_rng(number))
            picture.convert("RGB").save(root / "data" / "photos" / label / f"{number}.png")
    with contextlib.chdir(root):
        for command in FINISHED:
            assert status(command) == 0, command
    shutil.rmtree(layout.data / "cache")
    return root


@pytest.fixture
def disk(finished: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of the finished project in a small file system of its own, which is the current folder."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", place], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("mount is not permitted here")
    try:
        shutil.copytree(finished, place, dirs_exist_ok=True)
        with contextlib.chdir(place):
            yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def fill(disk: Path, free_kib: int) -> None:
    with contextlib.suppress(OSError), (disk / "other_data").open("wb", buffering=0) as stream:
        while True:
            stream.write(bytes(4096))
    if free_kib:
        os.truncate(disk / "other_data", (disk / "other_data").stat().st_size - free_kib * 1024)
    assert os.statvfs(disk).f_bavail * os.statvfs(disk).f_bsize <= free_kib * 1024


def status(command: str) -> int:
    """The exit code of a command, run in the current folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["cad2real", *command.split()])
        try:
            main()
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else 1
    return 0


def said(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line in which a command says why it ended; any other exception fails the test."""
    capsys.readouterr()
    assert status(command) == 1
    errors = capsys.readouterr().err
    assert "Traceback" not in errors
    (line,) = (line for line in errors.splitlines() if line.startswith("error: "))
    return line


def without_outputs(disk: Path, command: str) -> None:
    for output in STAGES.get(command, ()):
        path = disk / output
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


@pytest.mark.parametrize("command", [*STAGES, *OTHERS])
def test_a_full_disk(disk: Path, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    without_outputs(disk, command)
    fill(disk, 0)
    line = said(command, capsys)
    assert "room" in line or "space" in line
    assert "No space" in line or "free" in line
    assert not line.startswith("error: disk:")  # it names what could not be written


@pytest.mark.parametrize("command", FILLS_UP)
def test_a_disk_that_fills_up(disk: Path, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    without_outputs(disk, command)
    fill(disk, FILLS_UP[command])
    line = said(command, capsys)
    assert "room" in line
    assert not list((disk / "data").rglob("*.tmp*"))


@pytest.mark.parametrize("command", [*STAGES, *OTHERS])
def test_a_read_only_disk(disk: Path, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    without_outputs(disk, command)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    assert "Read-only file system" in said(command, capsys)


@pytest.mark.parametrize("how", ["full", "read-only"])
def test_a_stage_that_fails_over_its_disk_in_words_of_its_own(disk: Path, how: str) -> None:
    (disk / "data" / "logs").mkdir(parents=True, exist_ok=True)
    finished, log = FinishedProcess(1, ("ERROR: unexpected error - disk I/O error",)), disk / "data" / "logs" / "x.log"
    assert "disk I/O error" in str(explain_failure("render", finished, log))
    if how == "full":
        fill(disk, 0)
    else:
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    error = explain_failure("render", finished, log)
    assert ("No space left" if how == "full" else "Read-only file system") in str(error)
    assert "\n" not in str(error) and not error.transient


def test_a_run_on_a_read_only_disk(disk: Path) -> None:
    shutil.copyfile(REPOSITORY / "flows" / "starter" / "dvc.yaml", disk / "dvc.yaml")
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "cad2real", "run"], env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 1
    assert "Read-only file system" in done.stderr and "Traceback" not in done.stderr


SHARED_MEMORY = {
    "full": "mount -t tmpfs -o size=4k tmpfs /dev/shm && head -c 4096 /dev/zero > /dev/shm/other",
    "read-only": "mount -t tmpfs -o ro tmpfs /dev/shm",
}


@pytest.mark.parametrize(
    ("how", "command"),
    [("full", "catalogue"), ("full", "train adapt"), ("read-only", "photos"), ("read-only", "evaluate")],
)
def test_shared_memory_is_not_needed(disk: Path, how: str, command: str) -> None:
    without_outputs(disk, command)
    # In a mount namespace of its own, so that nothing else on the machine loses its shared memory.
    nothing_fits = "! head -c 8192 /dev/zero 2>/dev/null > /dev/shm/more"
    inside = f'({SHARED_MEMORY[how]}) && ({nothing_fits}) 2>/dev/null && exec "$@"'
    namespace = ["unshare", "--mount", "--propagation", "private", "sh", "-c", inside, "sh"]
    run = subprocess.run(
        [*namespace, sys.executable, "-m", "cad2real", *command.split()],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        check=False,
    )
    if "unshare failed" in run.stderr or "permission denied" in run.stderr:
        pytest.skip("a mount namespace is not permitted here")
    assert run.returncode == 0, run.stderr
    assert all((disk / output).exists() for output in STAGES[command])
