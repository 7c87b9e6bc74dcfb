"""Artifacts have the rights that the user's umask gives, whatever library wrote them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from cad2real.files import atomic_folder


@pytest.fixture(params=[0o022, 0o027, 0o077, 0o002])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_weights_follow_the_umask(tmp_path: Path, umask: int) -> None:
    with atomic_folder(tmp_path / "adapt") as folder:
        save_file({"weights": np.zeros(3)}, folder / "model.safetensors")
        (folder / "kept.txt").touch(mode=0o444)
    assert stat.S_IMODE((tmp_path / "adapt" / "model.safetensors").stat().st_mode) == 0o666 & ~umask
    assert stat.S_IMODE((tmp_path / "adapt" / "kept.txt").stat().st_mode) == 0o444 & ~umask
