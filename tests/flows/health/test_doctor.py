"""Each point of the doctor is ok or comes with a remedy."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest

from flows.health import doctor
from flows.health.doctor import Finding, examine

NAMES = ["python", "packages", "blender", "torch", "weights", "disk", "memory", "dvc", "prefect", "git", "project"]


@pytest.fixture
def no_heavy_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_probe", lambda script: {"version": "1", "devices": []})


@pytest.mark.usefixtures("no_heavy_probes")
def test_a_project_in_order(project: Path) -> None:
    findings = list(examine(project))
    assert [finding.name for finding in findings] == NAMES
    assert [str(finding) for finding in findings if finding.name in ("packages", "project") and not finding.is_ok] == []


@pytest.mark.usefixtures("no_heavy_probes")
def test_faults_have_remedies(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "params.yaml").write_text("train: {epochs: many}\n")
    monkeypatch.setattr(doctor, "FREE_DISK_GB", 1e9)
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: ["numpy>=999", "no-such-package"])
    bad = {finding.name: finding for finding in examine(project) if not finding.is_ok}
    assert set(bad) == {"packages", "disk", "project"}
    assert "train.epochs" in bad["project"].says
    assert "no-such-package is missing" in bad["packages"].says
    assert "numpy is" in bad["packages"].says


def test_a_library_that_does_not_load_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_TORCH", "raise ImportError('libX.so: cannot open shared object file')")
    finding = doctor._torch(Path())
    assert not finding.is_ok
    assert "libX.so" in finding.says


def test_a_finding_reads_well() -> None:
    assert str(Finding("disk", "90.0 GB free")) == "ok   disk       90.0 GB free"
    assert str(Finding("disk", "1.0 GB free", "Make room.")).startswith("BAD  disk")
