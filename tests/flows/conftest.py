"""What the tests of this room share."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_project import make_small_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project that has not run yet."""
    return make_small_project(tmp_path / "project")
