"""What the tests of this room share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from small_project import make_small_project, run_all


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project that has not run yet."""
    return make_small_project(tmp_path / "project")


@pytest.fixture(scope="session")
def finished_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_small_project(tmp_path_factory.mktemp("finished") / "project")
    run_all(root)
    return root


@pytest.fixture
def finished(finished_once: Path, tmp_path: Path) -> Path:
    """A copy of a small project after its first run."""
    return Path(shutil.copytree(finished_once, tmp_path / "project", symlinks=True))
