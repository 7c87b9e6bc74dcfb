"""Damage to any file of the artifacts, the inputs or DVC's cache is found, and mended where a good copy exists."""

from __future__ import annotations

import os
import shutil
from datetime import datetime
from pathlib import Path

import pytest
from small_project import make_small_project, run_all

from cad2real.errors import UserError
from flows.dvc.cache import IGNORED, cache_path, file_hash, folder_hash
from flows.health.consistency import consistency_faults
from flows.health.verify import repair, verify
from flows.project import STARTER
from flows.versions.record import record_run

FOLDER_STAGE = """\
  score:
    cmd: mkdir -p data/reports && echo '{"accuracy":1}' > data/reports/metrics.json
    deps: [data/second.txt]
    params: [train, {code.yaml: [train.loop]}]
    metrics: [{data/reports/metrics.json: {cache: false}}]
  folder:
    cmd: mkdir -p data/folder/deeper && cp data/second.txt data/folder/one.txt && echo two > data/folder/deeper/two.txt
    deps: [data/second.txt]
    outs: [data/folder]
  third:
    cmd: cp data/folder/one.txt data/third.txt
    deps: [data/folder/one.txt]
    outs: [data/third.txt]
"""


@pytest.fixture(scope="module")
def with_a_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_small_project(tmp_path_factory.mktemp("verify") / "project", FOLDER_STAGE)
    (root / "data" / "photos").mkdir()
    (root / "code.yaml").write_text("")
    (root / "data" / "photos" / "one.jpg").write_text("photo")
    record_run(root, "20260101-000000", datetime.now().astimezone(), run_all(root), commit=False)
    return root


@pytest.fixture
def copy(with_a_folder: Path, tmp_path: Path) -> Path:
    """A copy of a project after a run that made a folder too."""
    return Path(shutil.copytree(with_a_folder, tmp_path / "copy", symlinks=True))


def lists_of_inputs(root: Path) -> set[Path]:
    return {cache_path(root, folder_hash(root / "data" / name)) for name in ("parts", "photos")}


def damage(path: Path) -> None:
    """Flips a byte and leaves size and times as they were, which DVC would not notice."""
    stat = path.stat()
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    path.chmod(0o644)
    path.write_bytes(bytes(content))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def test_nothing_is_found_where_nothing_is_wrong(copy: Path) -> None:
    assert verify(copy, deep=True) == []


def test_damage_of_any_single_file_is_found(copy: Path) -> None:
    folders = [copy / "data" / name for name in ("parts", "photos", "folder")] + [copy / ".dvc" / "cache" / "files"]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    files += [copy / "data" / "catalogue.json", copy / "data" / "second.txt"]
    assert len(files) > 8
    of_metrics = cache_path(copy, file_hash(copy / "data" / "reports" / "metrics.json"))
    for file in files:
        before = file.read_bytes()
        name = file.relative_to(copy).as_posix()
        damage(file)
        assert name in [fault.path for fault in verify(copy, deep=file == of_metrics)], file
        file.write_bytes(before)
        file.unlink()
        if file not in {of_metrics, *lists_of_inputs(copy)}:  # without them a run is as good
            assert name in [fault.path for fault in verify(copy, deep=False)], file
        file.write_bytes(before)
    assert verify(copy, deep=False) == []


def test_what_systems_put_beside_photos_by_themselves_is_no_change(copy: Path) -> None:
    """DVC passes it over (.dvcignore), so that a run would not put it right."""
    for name in (".DS_Store", "Thumbs.db"):
        (copy / "data" / "photos" / name).write_text("?")
        (copy / "data" / "folder" / name).write_text("?")
    assert verify(copy, deep=False) == []
    patterns = [line for line in (STARTER / "dvcignore").read_text().splitlines() if not line.startswith("#")]
    assert tuple(patterns) == IGNORED


def test_surplus_files_are_found(copy: Path) -> None:
    (copy / "data" / "folder" / "litter.txt").write_text("?")
    assert [fault.path for fault in verify(copy, deep=False)] == ["data/folder/litter.txt"]


@pytest.mark.parametrize("victim", ["data/second.txt", "data/folder/one.txt", "data/folder/deeper/two.txt"])
def test_damaged_artifacts_are_mended_from_the_cache(copy: Path, victim: str) -> None:
    before = (copy / victim).read_bytes()
    damage(copy / victim)
    assert [fault.path for fault in verify(copy, deep=False)] == [victim]
    assert repair(copy) == []
    assert (copy / victim).read_bytes() == before


def test_a_damaged_cache_is_mended_from_the_artifacts(copy: Path) -> None:
    for path in list((copy / ".dvc" / "cache" / "files").rglob("*")):
        if path.is_file():
            damage(path)
    assert repair(copy) == []


def test_what_has_no_good_copy_is_made_again_by_the_next_run(copy: Path) -> None:
    damage(copy / "data" / "folder" / "one.txt")
    shutil.rmtree(copy / ".dvc" / "cache" / "files")
    assert repair(copy) != []
    shutil.rmtree(copy / ".dvc" / "cache" / "runs", ignore_errors=True)
    run_all(copy)
    assert verify(copy, deep=True) == []
    assert (copy / "data" / "folder" / "one.txt").read_text() == "bolt\n"


def test_before_the_first_run_it_says_so(project: Path) -> None:
    with pytest.raises(UserError, match="nothing has run yet"):
        verify(project, deep=False)


@pytest.mark.parametrize(
    ("files", "faults"),
    [
        ({"finder.json": '{"threshold": 0.5}', "finder.onnx": "network"}, 0),
        ({"finder.json": '{"not_needed": "there is no photo without a box."}'}, 0),
        ({"finder.json": '{"threshold": 0.5}', "finder.onnx": ""}, 1),
        ({"finder.json": '{"threshold": 0.5}'}, 1),
        ({"finder.json": "{"}, 1),
        ({}, 1),
    ],
)
def test_a_finder_is_no_model_and_is_whole_or_not_needed(tmp_path: Path, files: dict[str, str], faults: int) -> None:
    folder = tmp_path / "data" / "models" / "find"
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_text(content)
    assert len(list(consistency_faults(tmp_path))) == faults


@pytest.mark.parametrize("content", ["stages: {a: 3}", "stages: {a: {deps: [{md5: 1}]}}", "stages: [", "\x00", "7"])
def test_a_damaged_lock_is_one_line_where_no_version_has_another(copy: Path, content: str) -> None:
    shutil.rmtree(copy / "versions")
    (copy / "dvc.lock").write_text(content)
    with pytest.raises(UserError, match=r"dvc\.lock is damaged"):
        verify(copy, deep=True)


def test_names_are_printed_with_their_control_characters_escaped(copy: Path) -> None:
    (copy / "data" / "photos" / "a\x1b[2J.jpg").write_text("photo")
    (fault,) = verify(copy, deep=False)
    assert str(fault).isprintable() and "a\\x1b[2J.jpg" in str(fault)
