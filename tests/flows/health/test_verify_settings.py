"""`verify` names every damaged file that influences a result, and what has a good copy is mended from it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from fake_project import fake_project
from test_verify import damage, with_a_folder  # noqa: F401 - a fixture

from cad2real.checksums import sealed_file
from cad2real.files import write_json
from flows.health.consistency import consistency_faults
from flows.health.verify import repair, verify
from flows.versions.promote import promote

VERSION = "versions/20260101-000000"


@pytest.fixture
def copy(with_a_folder: Path, tmp_path: Path) -> Path:  # noqa: F811
    return Path(shutil.copytree(with_a_folder, tmp_path / "copy", symlinks=True))


def faulty(root: Path, *, deep: bool = False) -> list[str]:
    return [fault.path for fault in verify(root, deep=deep)]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("params.yaml", "epochs: 10", "epochs: 90"),
        ("params.yaml", "train:", "tra\0n:"),
        ("dvc.yaml", "cat data/catalogue.json >", "cat data/photos/one.jpg >"),
        ("dvc.yaml", "stages:", "stages: ["),
    ],
)
def test_changed_settings_are_named(copy: Path, file: str, old: str, new: str) -> None:
    path = copy / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    assert faulty(copy) == [file]
    path.unlink()
    assert faulty(copy) == [file]


def test_code_that_was_changed_in_its_record_is_named(copy: Path) -> None:
    path = copy / "code.yaml"
    lines = path.read_text().splitlines()
    place = next(number for number, line in enumerate(lines) if line.strip() == "loop:") + 1
    lines[place] = lines[place][:-2] + ("00" if lines[place][-2:] != "00" else "11")
    path.write_text("\n".join(lines) + "\n")
    assert faulty(copy) == ["code.yaml"]


def test_a_comment_in_params_is_no_fault(copy: Path) -> None:
    (copy / "params.yaml").write_text("# for the shop\n" + (copy / "params.yaml").read_text())
    assert faulty(copy) == []


@pytest.mark.parametrize("name", ["dvc.lock", "params.yaml", "code.yaml", "metrics.json", "run.json"])
def test_a_version_is_checked_file_by_file_and_mended(copy: Path, name: str) -> None:
    before = (copy / VERSION / name).read_bytes()
    damage(copy / VERSION / name)
    assert faulty(copy) == [f"{VERSION}/{name}"]
    left = [fault.path for fault in repair(copy)]
    if name == "run.json":  # nothing else holds it
        assert left == [f"{VERSION}/{name}"]
    else:
        assert left == [] and (copy / VERSION / name).read_bytes() == before


def test_damaged_sums_are_no_traceback(copy: Path) -> None:
    (copy / VERSION / "SHA256SUMS").write_bytes(b"\xff\xfe")
    assert faulty(copy) == [f"{VERSION}/SHA256SUMS"]


def test_versions_of_earlier_releases_have_no_sums(copy: Path) -> None:
    (copy / VERSION / "SHA256SUMS").unlink()
    write_json(copy / VERSION / "run.json", {"version": "20260101-000000"})  # nor did they count their runs
    assert faulty(copy) == []


def test_metrics_are_mended_in_the_project_and_in_dvcs_cache(copy: Path) -> None:
    metrics = copy / "data" / "reports" / "metrics.json"
    before = metrics.read_bytes()
    copies = [path for path in (copy / ".dvc" / "cache" / "files").rglob("*") if path.is_file()]
    (cached,) = (path for path in copies if path.read_bytes() == before)
    for victims in ([metrics], [cached], [metrics, cached]):
        for victim in victims:
            damage(victim)
        assert set(faulty(copy, deep=True)) == {victim.relative_to(copy).as_posix() for victim in victims}
        assert repair(copy) == []
        assert metrics.read_bytes() == before
        if victims != [metrics, cached]:
            assert cached.read_bytes() == before


def test_caches_are_checked_and_deleted_to_be_made_again(copy: Path) -> None:
    cache = copy / "data" / "cache"
    features, weights = cache / "features-1.safetensors", cache / "adapt-1" / "epoch_0001" / "model.safetensors"
    for path in (features, weights):
        with sealed_file(path) as temporary:
            temporary.write_bytes(b"0123456789")
    assert faulty(copy) == []
    for path in (features, weights):
        damage(path)
    assert faulty(copy) == [path.relative_to(copy).as_posix() for path in (weights, features)]
    assert repair(copy) == []
    assert not features.exists() and not weights.parents[1].exists(), "a run with a damaged file begins anew"


def test_a_promoted_model_is_checked(copy: Path) -> None:
    model = copy / "data" / "models" / "adapt" / "model.safetensors"
    model.parent.mkdir(parents=True)
    model.write_bytes(b"weights")
    promote(copy, "20260101-000000", 0.0)
    assert faulty(copy) == []
    damage(copy / "data" / "models" / "promoted" / "20260101-000000" / "model.safetensors")
    assert faulty(copy) == ["data/models/promoted/20260101-000000/model.safetensors"]


@pytest.mark.parametrize("damaged", ["", "[]", '{"views": 7}', '{"views": [{"fil\\u00e9": 1}]}', "\0\0"])
@pytest.mark.parametrize(
    "victim", ["renders/bolt/part.json", "renders/renders.json", "index/index.json", "squares/photos.csv"]
)
def test_damaged_descriptions_end_in_a_list(tmp_path: Path, victim: str, damaged: str) -> None:
    root = tmp_path / "a project"
    fake_project(root, ["bolt", "nut"])
    (root / "data" / victim).parent.mkdir(exist_ok=True)
    (root / "data" / victim).write_text(damaged)
    torn = root / "data" / "renders" / "nut" / "view_003.png"
    torn.write_bytes(torn.read_bytes()[:60])
    faults = dict(consistency_faults(root))
    assert "data/renders/nut/view_003.png" in faults, "the check went on"
    assert f"data/{victim}" in faults and str(root) not in faults[f"data/{victim}"]
