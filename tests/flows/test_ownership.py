"""A project that somebody else prepared is not run, as git does not work in such a folder."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cad2real.errors import UserError
from flows.dvc.commands import DVC
from flows.environment import DVC_CACHE, run_environment
from flows.init_project import init_project
from flows.ownership import TRUSTED_VARIABLE, refuse_foreign_project
from flows.project import prepare

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
SOMEBODY = 54321


def test_ones_own_project_is_fine(tmp_path: Path) -> None:
    init_project(tmp_path)
    refuse_foreign_project(tmp_path)


@needs_root
@pytest.mark.parametrize("name", [".", "dvc.yaml", "params.yaml", "data"])
def test_a_foreign_project_is_refused_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    init_project(tmp_path)
    os.chown(tmp_path / name, SOMEBODY, SOMEBODY)
    with pytest.raises(UserError, match=TRUSTED_VARIABLE):
        refuse_foreign_project(tmp_path)
    monkeypatch.setenv(TRUSTED_VARIABLE, f"/elsewhere:{tmp_path}")
    refuse_foreign_project(tmp_path)


@needs_root
@pytest.mark.parametrize("name", ["dvc.yaml", ".dvc"])
def test_a_link_of_ones_own_to_what_is_foreign_is_refused(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    init_project(tmp_path)
    prepare(tmp_path)
    elsewhere = tmp_path_factory.mktemp("elsewhere") / name
    (tmp_path / name).rename(elsewhere)
    (tmp_path / name).symlink_to(elsewhere)
    refuse_foreign_project(tmp_path)
    os.chown(elsewhere, SOMEBODY, SOMEBODY)
    with pytest.raises(UserError, match="belongs to another user"):
        refuse_foreign_project(tmp_path)


@needs_root
def test_under_sudo_the_callers_project_is_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    init_project(tmp_path)
    os.chown(tmp_path / "dvc.yaml", SOMEBODY, SOMEBODY)
    monkeypatch.setenv("SUDO_UID", str(SOMEBODY))
    refuse_foreign_project(tmp_path)


@needs_root
@pytest.mark.parametrize("command", [["run"], ["status"], ["nightly"], ["watch"]])
def test_no_command_runs_anything_of_a_foreign_project(tmp_path: Path, command: list[str]) -> None:
    init_project(tmp_path)
    text = (tmp_path / "dvc.yaml").read_text()
    (tmp_path / "dvc.yaml").write_text(text.replace("cmd: cad2real catalogue", "cmd: touch ran"))
    os.chown(tmp_path / "dvc.yaml", SOMEBODY, SOMEBODY)
    done = subprocess.run(
        [sys.executable, "-m", "cad2real", *command],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 1
    assert "belongs to another user" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "ran").exists()


def test_people_who_call_dvc_themselves_are_safe_too(tmp_path: Path) -> None:
    init_project(tmp_path)
    prepare(tmp_path)
    local = tmp_path / ".dvc" / "config.local"
    local.write_text(local.read_text() + "['remote \"store\"']\n    url = /mnt/store\n")
    moved = tmp_path.with_name("moved")
    tmp_path.rename(moved)
    prepare(moved)
    environment = {name: value for name, value in os.environ.items() if name != "DVC_SITE_CACHE_DIR"}
    done = subprocess.run([*DVC, "config", "--list"], cwd=moved, env=environment, capture_output=True, text=True)
    assert f"core.site_cache_dir={moved / DVC_CACHE}" in done.stdout
    assert "remote.store.url=/mnt/store" in done.stdout


def test_dvcs_pickles_lie_in_the_project_for_its_owner_alone(tmp_path: Path) -> None:
    init_project(tmp_path)
    assert run_environment(tmp_path)["DVC_SITE_CACHE_DIR"] == str(tmp_path / DVC_CACHE)
    assert stat.S_IMODE((tmp_path / DVC_CACHE).stat().st_mode) == 0o700
