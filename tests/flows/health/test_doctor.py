"""Each point of the doctor is ok or comes with a remedy."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest

from flows.health import doctor
from flows.health.doctor import CheckResult, run_checks

NAMES = ["python", "packages", "blender", "torch", "weights", "disk", "memory", "dvc", "prefect", "git", "project"]


@pytest.fixture
def no_heavy_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_probe", lambda script: {"version": "1", "devices": []})


@pytest.mark.usefixtures("no_heavy_probes")
def test_a_project_in_order(project: Path) -> None:
    results = list(run_checks(project))
    assert [result.name for result in results] == NAMES
    assert [str(result) for result in results if result.name in ("packages", "project") and not result.is_ok] == []


@pytest.mark.usefixtures("no_heavy_probes")
def test_faults_have_remedies(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "params.yaml").write_text("train: {epochs: many}\n")
    monkeypatch.setattr(doctor, "FREE_DISK_GB", 1e9)
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: ["numpy>=999", "no-such-package"])
    bad = {result.name: result for result in run_checks(project) if not result.is_ok}
    assert set(bad) == {"packages", "disk", "project"}
    assert "train.epochs" in bad["project"].message
    assert "no-such-package is missing" in bad["packages"].message
    assert "numpy is" in bad["packages"].message


def test_a_library_that_does_not_load_is_a_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_TORCH", "raise ImportError('libX.so: cannot open shared object file')")
    result = doctor._torch(Path())
    assert not result.is_ok
    assert "libX.so" in result.message


def test_a_result_reads_well() -> None:
    assert str(CheckResult("disk", "90.0 GB free")) == "ok   disk       90.0 GB free"
    assert str(CheckResult("disk", "1.0 GB free", "Make room.")).startswith("BAD  disk")
