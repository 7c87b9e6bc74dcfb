"""Folders that appear whole: with the rights that the umask gives, and without the litter of killed writers."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from cad2real.checksums import sealed_file
from cad2real.files import atomic_folder


@pytest.fixture(params=[0o022, 0o027, 0o077, 0o002])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_what_a_killed_writer_left_is_swept_and_a_live_one_is_not(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "pass"]) as ended:
        ended.wait()
    left, alive = tmp_path / f".squares.{ended.pid}.tmp", tmp_path / f".squares.{os.getppid()}.tmp"
    other = tmp_path / f".squares.old.{ended.pid}.tmp"
    for folder in (left, alive, other):
        folder.mkdir()
        (folder / "00000.jpg").touch()
    with atomic_folder(tmp_path / "squares"):
        assert not left.exists() and alive.exists() and other.exists()


def test_weights_follow_the_umask(tmp_path: Path, umask: int) -> None:
    with atomic_folder(tmp_path / "adapt") as folder:
        save_file({"weights": np.zeros(3)}, folder / "model.safetensors")
        (folder / "kept.txt").touch(mode=0o444)
    assert stat.S_IMODE((tmp_path / "adapt" / "model.safetensors").stat().st_mode) == 0o666 & ~umask
    assert stat.S_IMODE((tmp_path / "adapt" / "kept.txt").stat().st_mode) == 0o444 & ~umask


def test_cached_features_follow_the_umask(tmp_path: Path, umask: int) -> None:
    """Else colleagues who share a project could not go on where one of them stopped."""
    with sealed_file(tmp_path / "cache" / "features.safetensors") as temporary:
        save_file({"features": np.zeros(3)}, temporary)
    for name in ("features.safetensors", "features.safetensors.sum"):
        assert stat.S_IMODE((tmp_path / "cache" / name).stat().st_mode) == 0o666 & ~umask
