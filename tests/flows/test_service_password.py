"""The password of a project's own server: made once, for its owner alone."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from cad2real.errors import UserError
from flows.service_password import FILE, service_password


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / FILE).parent.mkdir()
    return tmp_path


def test_it_is_made_once_and_for_its_owner_alone(root: Path) -> None:
    first = service_password(root)
    assert first == service_password(root)
    assert stat.S_IMODE((root / FILE).stat().st_mode) == 0o600
    assert [path.name for path in (root / FILE).parent.iterdir()] == [FILE.name]


def test_projects_have_different_ones(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / FILE).parent.mkdir()
    assert service_password(root) != service_password(other)


def test_one_that_others_can_read_is_refused(root: Path) -> None:
    service_password(root)
    (root / FILE).chmod(0o644)
    with pytest.raises(UserError, match="Delete it"):
        service_password(root)


def test_a_link_is_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "planted").write_text("cad2real:known to somebody else\n")
    (tmp_path / "planted").chmod(0o600)
    (root / FILE).symlink_to(tmp_path / "planted")
    with pytest.raises(UserError, match="Delete it"):
        service_password(root)
