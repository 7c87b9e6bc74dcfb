"""Runs are recorded as versions; a version brings exactly its artifacts back; git gets only what belongs to the run."""

from __future__ import annotations

import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from cad2real.errors import UserError
from flows.pipeline import execute, run_stages
from flows.project import prepare
from flows.record import record_run
from flows.stages import read_stages, stale_stages
from flows.versions import checkout, find_version, list_versions


def run_once(project: Path, name: str, *, commit: bool = False) -> None:
    prepare(project)
    results = run_stages(
        project,
        read_stages(project),
        stale=list(stale_stages(project)),
        force=False,
        logs=project / "data" / "logs",
        runner=execute,
    )
    record_run(project, name, datetime.now().astimezone(), results, commit=commit)


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def repository(project: Path) -> Path:
    git(project, "init", "-q")
    git(project, "config", "user.name", "Someone")
    git(project, "config", "user.email", "someone@example.org")
    git(project, "add", ".")
    git(project, "commit", "-qm", "start")
    return project


def test_yesterdays_artifacts_come_back(project: Path) -> None:
    parts = project / "data" / "parts" / "parts.csv"
    run_once(project, "20260411-020000")
    parts.write_text("nut\n")
    (project / "params.yaml").write_text("catalogue: {}\ntrain: {epochs: 3}\n")
    run_once(project, "20260412-020000")
    assert [version.name for version in list_versions(project)] == ["20260411-020000", "20260412-020000"]
    assert len({version.parts for version in list_versions(project)}) == 2

    checkout(project, "2026-04-11", force=False)
    assert (project / "data" / "second.txt").read_text() == "bolt\n"
    assert "epochs: 10" in (project / "params.yaml").read_text()
    assert stale_stages(project) == {"catalogue": ["data/parts modified"]}

    checkout(project, "latest", force=False)
    assert (project / "data" / "second.txt").read_text() == "nut\n"
    assert stale_stages(project) == {}


def test_work_that_no_version_holds_is_not_lost(project: Path) -> None:
    run_once(project, "20260411-020000")
    edited = "catalogue: {}\ntrain: {epochs: 7}\n"
    (project / "params.yaml").write_text(edited)
    with pytest.raises(UserError, match=r"params\.yaml has changes"):
        checkout(project, "latest", force=False)
    assert (project / "params.yaml").read_text() == edited
    checkout(project, "latest", force=True)
    assert "epochs: 10" in (project / "params.yaml").read_text()


def test_artifacts_that_are_gone_from_the_cache_are_said(project: Path) -> None:
    run_once(project, "20260411-020000")
    (project / "data" / "second.txt").unlink()
    for path in (project / ".dvc" / "cache" / "files").rglob("*"):
        if path.is_file():
            path.unlink()
    (project / "data" / "catalogue.json").unlink()
    with pytest.raises(UserError, match=r"does not have all artifacts.*data/second\.txt"):
        checkout(project, "latest", force=False)


def test_versions_are_found_by_name_and_day(project: Path) -> None:
    with pytest.raises(UserError, match="No run has been recorded"):
        find_version(project, "latest")
    for name in ("20260411-020000", "20260412-010000", "20260412-020000"):
        run_once(project, name)
    assert find_version(project, "20260412-010000").name == "20260412-010000"
    assert find_version(project, "2026-04-12").name == "20260412-020000"
    assert find_version(project, "2026-05-01").name == "20260412-020000"
    for wrong in ("2026-04-10", "tuesday", "20260412-010001", "../20260411-020000"):
        with pytest.raises(UserError):
            find_version(project, wrong)


def test_git_gets_the_runs_files_and_nothing_else(repository: Path) -> None:
    (repository / "note.txt").write_text("the user's own")
    git(repository, "add", "note.txt")
    (repository / "data" / "parts" / "parts.csv").write_text("nut\n")
    run_once(repository, "20260411-020000", commit=True)
    committed = git(repository, "show", "--name-only", "--format=%s", "HEAD").split("\n")
    assert committed[0] == "cad2real run 20260411-020000"
    assert {"dvc.lock", "versions/20260411-020000/run.json"} <= set(committed)
    assert not {"note.txt", "data/parts/parts.csv"} & set(committed)
    assert git(repository, "status", "--porcelain", "note.txt") == "A  note.txt\n"


def test_a_detached_head_gets_no_commit(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(repository, "checkout", "-q", "--detach")
    before = git(repository, "rev-parse", "HEAD")
    run_once(repository, "20260411-020000", commit=True)
    assert git(repository, "rev-parse", "HEAD") == before
    assert "detached HEAD" in capsys.readouterr().err


def test_a_remote_is_pushed_to_and_one_out_of_reach_is_said(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare(project)
    config = project / ".dvc" / "config"
    config.write_text(
        config.read_text() + f"    remote = store\n['remote \"store\"']\n    url = {tmp_path / 'store'}\n"
    )
    run_once(project, "20260411-020000")
    assert "pushed to the remote store" in capsys.readouterr().err
    assert any(path.is_file() for path in (tmp_path / "store").rglob("*"))

    (tmp_path / "file").write_text("in the way")
    config.write_text(config.read_text().replace(str(tmp_path / "store"), str(tmp_path / "file" / "store")))
    (project / "data" / "parts" / "parts.csv").write_text("nut\n")
    run_once(project, "20260412-020000")
    assert "not pushed to the remote store" in capsys.readouterr().err
