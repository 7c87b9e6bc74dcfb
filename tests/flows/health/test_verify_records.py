"""What is remembered of a run is checked too: dvc.lock, DVC's records of earlier runs, sums, the renderer's memory."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from small_project import run_all
from test_verify import damage, with_a_folder  # noqa: F401 - a fixture

from cad2real.checksums import sealed_file
from flows.dvc.lock_file import read_lock, yaml_as_dvc_reads
from flows.dvc.run_records import damaged_records
from flows.health.second_record import damaged_stages
from flows.health.verify import repair, verify
from flows.pipeline import Outcome
from flows.run_project import run_project
from flows.stages import stale_stages
from flows.versions.promote import promote
from flows.versions.record import commit_run

NAME = "20260101-000000"
VERSION = f"versions/{NAME}"


@pytest.fixture
def copy(with_a_folder: Path, tmp_path: Path) -> Path:  # noqa: F811
    return Path(shutil.copytree(with_a_folder, tmp_path / "copy", symlinks=True))


def faulty(root: Path) -> set[str]:
    return {fault.path for fault in verify(root, deep=False)}


def test_a_bit_flipped_in_any_line_of_dvc_lock_is_named_as_one_of_dvc_lock(copy: Path) -> None:
    lock = copy / "dvc.lock"
    good, meant = lock.read_bytes(), yaml_as_dvc_reads(lock)
    starts = [index + 1 for index, letter in enumerate(good[:-1]) if letter == ord("\n")]
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(good)], strict=True)):
        flipped = bytearray(good)
        flipped[end - 3 if number % 2 else (start + end) // 2] ^= 1  # in the value, or near the key
        lock.write_bytes(flipped)
        if yaml_as_dvc_reads(lock) != meant:
            assert damaged_stages(copy)[0], good[start:end]
    assert "dvc.lock" in faulty(copy)


@pytest.mark.parametrize("content", ["stages: {a: 3}", "stages: [", "\x00", "7", None])
def test_a_lock_that_cannot_be_read_is_mended_from_the_version(copy: Path, content: str | None) -> None:
    good = read_lock(copy / "dvc.lock")
    (copy / "dvc.lock").unlink() if content is None else (copy / "dvc.lock").write_text(content)
    assert faulty(copy) == {"dvc.lock"}
    assert repair(copy) == []
    assert read_lock(copy / "dvc.lock") == good and stale_stages(copy) == {}


def test_a_flipped_hash_of_what_a_stage_read_is_mended_and_nothing_runs_again(copy: Path) -> None:
    lock = copy / "dvc.lock"
    read = read_lock(lock)["third"]["deps"][0]["md5"]
    lock.write_text(lock.read_text().replace(f"md5: {read}", f"md5: {'a' * 32}", 1))
    assert stale_stages(copy) != {}
    assert faulty(copy) == {"dvc.lock"}
    assert repair(copy) == [] and stale_stages(copy) == {}


def test_a_run_that_no_version_holds_is_no_damage(copy: Path) -> None:
    (copy / "params.yaml").write_text("catalogue: {}\ntrain: {epochs: 3}\n")
    (copy / "data" / "parts" / "parts.csv").write_text("nut\n")
    run_all(copy)
    assert faulty(copy) == set()
    (copy / "data" / "parts" / "parts.csv").write_text("bolt\n")  # as the version has it
    assert faulty(copy) == {"data/parts"} and stale_stages(copy) != {}
    repair(copy)
    assert stale_stages(copy) != {}, "mending does not pass old outputs off as new ones"


def break_records(root: Path) -> set[str]:
    records = sorted((root / ".dvc" / "cache" / "runs").glob("??/*/*"))
    assert len(records) >= 2 and not list(damaged_records(root)), "DVC names them as is expected here"
    for record in records:
        record.chmod(0o644)
        record.write_text(record.read_text().replace("outs:\n- path: data/", "outs:\n- path: dat1/"))
    return {record.relative_to(root).as_posix() for record in records}


def test_damaged_records_of_earlier_runs_are_named_and_deleted(copy: Path) -> None:
    records = break_records(copy)
    assert faulty(copy) == records
    assert repair(copy) == [] and not any((copy / record).exists() for record in records)


def test_a_run_does_without_damaged_records(
    finished: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("flows.run_project._as_flow", lambda *arguments: None)  # Prefect is not what is tried here
    records = break_records(finished)
    before = (finished / "data" / "second.txt").read_text()
    (finished / "data" / "second.txt").unlink()
    (finished / "dvc.lock").unlink()
    results = run_project(finished)
    assert {result.outcome for result in results} == {Outcome.RAN}
    assert (finished / "data" / "second.txt").read_text() == before
    assert capsys.readouterr().err.count("is damaged: DVC does without it") == len(records)


def test_sums_that_are_gone_are_named_and_brought_back_from_git(copy: Path) -> None:
    for command in (["init", "-q"], ["config", "user.name", "Someone"], ["config", "user.email", "a@example.org"]):
        subprocess.run(["git", *command], cwd=copy, check=True)
    assert commit_run(copy, NAME) == "committed to git"
    good = (copy / VERSION / "SHA256SUMS").read_bytes()
    (copy / VERSION / "SHA256SUMS").unlink()
    assert faulty(copy) == {f"{VERSION}/SHA256SUMS"}
    assert repair(copy) == [] and (copy / VERSION / "SHA256SUMS").read_bytes() == good


def test_sums_that_are_gone_for_good_are_named_until_the_folder_is(copy: Path) -> None:
    (copy / "data" / "models" / "adapt").mkdir(parents=True)
    (copy / "data" / "models" / "adapt" / "model.safetensors").write_bytes(b"weights")
    promote(copy, NAME, 0.0)
    sums = [f"{VERSION}/SHA256SUMS", f"data/models/promoted/{NAME}/SHA256SUMS"]
    for name in sums:
        (copy / name).unlink()
    assert faulty(copy) == set(sums)
    assert {fault.path for fault in repair(copy)} >= {sums[0]}


def test_what_the_renderer_remembers_is_checked_where_it_has_checksums(copy: Path) -> None:
    memory = copy / "data" / ".renders.contents.json"
    memory.write_text('{"bolt": ["state", "hash"]}')  # of an earlier release
    assert faulty(copy) == set()
    with sealed_file(memory) as temporary:
        temporary.write_text('{"bolt": ["state", "hash"]}')
    assert faulty(copy) == set()
    damage(memory)
    assert faulty(copy) == {"data/.renders.contents.json"}
    assert repair(copy) == [] and not memory.exists()
