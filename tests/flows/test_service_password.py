"""The password of a project's own server: made once, for its owner alone."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from cad2real.errors import UserError
from flows.environment import SECRETS
from flows.processes import FinishedProcess
from flows.service_password import FILE, service_password
from flows.stages import repro_stage


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


@pytest.mark.parametrize("content", ["", "\n", "no colon", "cad2real:", "cad2real:short", "cad2real:\xff" * 9])
def test_a_file_without_a_password_is_refused(root: Path, content: str) -> None:
    """Prefect asks for none where it is given none."""
    service_password(root)
    (root / FILE).write_text(content, encoding="latin-1")
    with pytest.raises(UserError, match=r"[Dd]elete it"):
        service_password(root)
    assert (root / FILE).exists()


def test_a_drive_without_links_is_one_line(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    with pytest.raises(UserError, match="password"):
        service_password(root)
    assert not list((root / FILE).parent.iterdir())


def test_stages_do_not_inherit_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.setenv(name, "secret")
    given: dict[str, str] = {}
    monkeypatch.setattr(
        "flows.stages.run_group", lambda *arguments: given.update(arguments[-1]) or FinishedProcess(0, ())
    )
    repro_stage(root, "render", force=False, log=root / "log", on_line=print)
    assert "PATH" in given
    assert not set(SECRETS) & set(given)
