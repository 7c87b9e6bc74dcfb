"""Runs are recorded as versions; a version brings exactly its artifacts back; git gets only what belongs to the run."""

from __future__ import annotations

import subprocess
from datetime import datetime
from pathlib import Path

import pytest
from small_project import run_all

from cad2real.errors import UserError
from flows.stages import stale_stages
from flows.versions.history import checkout, find_version, list_versions
from flows.versions.record import new_version_name, record_run


def run_once(root: Path, name: str, *, commit: bool = False) -> None:
    record_run(root, name, datetime.now().astimezone(), run_all(root), commit=commit)


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def repository(finished: Path) -> Path:
    git(finished, "init", "-q")
    git(finished, "config", "user.name", "Someone")
    git(finished, "config", "user.email", "someone@example.org")
    git(finished, "add", ".")
    git(finished, "commit", "-qm", "start")
    return finished


def test_yesterdays_artifacts_come_back(finished: Path) -> None:
    parts = finished / "data" / "parts" / "parts.csv"
    run_once(finished, "20260411-020000")
    parts.write_text("nut\n")
    (finished / "params.yaml").write_text("catalogue: {}\ntrain: {epochs: 3}\n")
    run_once(finished, "20260412-020000")
    assert [version.name for version in list_versions(finished)] == ["20260411-020000", "20260412-020000"]
    assert len({version.parts for version in list_versions(finished)}) == 2

    checkout(finished, "2026-04-11", force=False)
    assert (finished / "data" / "second.txt").read_text() == "bolt\n"
    assert "epochs: 10" in (finished / "params.yaml").read_text()
    assert stale_stages(finished) == {"catalogue": ["data/parts modified"]}

    checkout(finished, "latest", force=False)
    assert (finished / "data" / "second.txt").read_text() == "nut\n"
    assert stale_stages(finished) == {}


@pytest.mark.parametrize("content", ["stages: {a: 3}", "stages: {a: {outs: [1]}}", "[", "\x00", "stages: 5", "- 1"])
def test_a_damaged_version_is_named_and_the_others_are_there(finished: Path, content: str) -> None:
    run_once(finished, "20260411-020000")
    (finished / "data" / "parts" / "parts.csv").write_text("nut\n")
    run_once(finished, "20260412-020000")
    lock = finished / "versions" / "20260411-020000" / "dvc.lock"
    lock.write_text(content)
    (finished / "versions" / "20260412-020000" / "run.json").write_text("{")
    (finished / "versions" / "20260412-020000" / "metrics.json").write_text('{"adapted_accuracy": "x"}')
    assert {version.name: version.parts for version in list_versions(finished)}["20260411-020000"] == "damaged"
    before = (finished / "dvc.lock").read_bytes()
    with pytest.raises(UserError, match=r"20260411-020000/dvc\.lock is"):
        checkout(finished, "20260411-020000", force=True)
    assert (finished / "dvc.lock").read_bytes() == before
    checkout(finished, "20260412-020000", force=True)


def test_a_version_that_reads_well_but_is_another_is_not_brought_back(finished: Path) -> None:
    run_once(finished, "20260411-020000")
    lock = finished / "versions" / "20260411-020000" / "dvc.lock"
    (lock.parent / "notes.txt").write_text("mine")
    checkout(finished, "latest", force=True)
    lock.write_text(lock.read_text().replace("size: 5", "size: 6"))
    with pytest.raises(UserError, match=r"dvc\.lock is not what was recorded"):
        checkout(finished, "latest", force=True)


def test_a_clock_that_was_set_back_does_not_order_versions(tmp_path: Path) -> None:
    (tmp_path / "dvc.lock").write_text("stages: {}\n")
    (tmp_path / "versions" / "20260401-000000").mkdir(parents=True)  # of an earlier release
    (tmp_path / "versions" / "20260401-000000" / "dvc.lock").write_text("stages: {}\n")
    for clock in ("20260412-020000", "20260411-020000"):
        record_run(tmp_path, clock, datetime.now().astimezone(), [], commit=False)
    again = new_version_name(tmp_path, datetime(2026, 4, 12, 2))
    record_run(tmp_path, again, datetime.now().astimezone(), [], commit=False)
    names = ["20260401-000000", "20260412-020000", "20260411-020000", "20260412-020000-2"]
    assert [version.name for version in list_versions(tmp_path)] == names
    assert find_version(tmp_path, "latest").name == again


def test_work_that_no_version_holds_is_not_lost(finished: Path) -> None:
    run_once(finished, "20260411-020000")
    edited = "catalogue: {}\ntrain: {epochs: 7}\n"
    (finished / "params.yaml").write_text(edited)
    with pytest.raises(UserError, match=r"params\.yaml has changes"):
        checkout(finished, "latest", force=False)
    assert (finished / "params.yaml").read_text() == edited
    checkout(finished, "latest", force=True)
    assert "epochs: 10" in (finished / "params.yaml").read_text()


def test_artifacts_that_are_gone_from_the_cache_are_said(finished: Path) -> None:
    run_once(finished, "20260411-020000")
    (finished / "data" / "second.txt").unlink()
    for path in (finished / ".dvc" / "cache" / "files").rglob("*"):
        if path.is_file():
            path.unlink()
    (finished / "data" / "catalogue.json").unlink()
    with pytest.raises(UserError, match=r"does not have all artifacts.*data/second\.txt"):
        checkout(finished, "latest", force=False)


def test_versions_are_found_by_name_and_day(finished: Path) -> None:
    with pytest.raises(UserError, match="No run has been recorded"):
        find_version(finished, "latest")
    for name in ("20260411-020000", "20260412-010000", "20260412-020000"):
        run_once(finished, name)
    assert find_version(finished, "20260412-010000").name == "20260412-010000"
    assert find_version(finished, "2026-04-12").name == "20260412-020000"
    assert find_version(finished, "2026-05-01").name == "20260412-020000"
    for wrong in ("2026-04-10", "tuesday", "20260412-010001", "../20260411-020000"):
        with pytest.raises(UserError):
            find_version(finished, wrong)


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
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = finished / ".dvc" / "config"
    config.write_text(
        config.read_text() + f"    remote = store\n['remote \"store\"']\n    url = {tmp_path / 'store'}\n"
    )
    run_once(finished, "20260411-020000")
    assert "pushed to the remote store" in capsys.readouterr().err
    assert any(path.is_file() for path in (tmp_path / "store").rglob("*"))

    (tmp_path / "file").write_text("in the way")
    config.write_text(config.read_text().replace(str(tmp_path / "store"), str(tmp_path / "file" / "store")))
    (finished / "data" / "parts" / "parts.csv").write_text("nut\n")
    run_once(finished, "20260412-020000")
    assert "not pushed to the remote store" in capsys.readouterr().err
