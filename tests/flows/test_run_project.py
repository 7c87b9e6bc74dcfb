"""Prefect shows runs; where it does not work, they go on without it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

import flows.prefect_flow
from flows.pipeline import Outcome, StageError, StageResult, retried
from flows.run_project import run_project
from flows.versions.history import list_versions


def test_a_run_goes_on_without_a_server_that_does_not_answer(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_server(*arguments: Any) -> None:
        raise RuntimeError("Timed out while attempting to connect to ephemeral Prefect API server.\nmore")

    monkeypatch.setattr("flows.run_project.apply_environment", lambda root: None)
    monkeypatch.setattr("flows.run_project.start_server_of_run", lambda root: None)
    monkeypatch.setattr(flows.prefect_flow, "pipeline_flow", no_server)
    results = run_project(project)
    assert [result.outcome for result in results] == [Outcome.RAN, Outcome.RAN]
    said = capsys.readouterr().err
    assert "Prefect does not work now (Timed out while attempting to connect" in said
    assert "Traceback" not in said
    assert len(list_versions(project)) == 1
    assert run_project(project) == []


def test_a_run_goes_on_where_its_server_does_not_start(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("flows.run_project.apply_environment", lambda root: None)
    monkeypatch.setattr("flows.server.own_server._command", lambda listener: [sys.executable, "-c", "pass"])
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    assert [result.outcome for result in run_project(project)] == [Outcome.RAN, Outcome.RAN]
    assert "Prefect does not work now (Prefect's server did not start. Its log: " in capsys.readouterr().err


def test_a_stages_mistake_is_no_fault_of_prefect(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def mistake(*arguments: Any) -> None:
        raise StageError("stage catalogue: no.csv does not exist.", "Correct it.", transient=False)

    monkeypatch.setattr("flows.run_project.apply_environment", lambda root: None)
    monkeypatch.setattr("flows.run_project.start_server_of_run", lambda root: None)
    monkeypatch.setattr(flows.prefect_flow, "pipeline_flow", mistake)
    with pytest.raises(StageError, match=r"no\.csv"):
        run_project(project)


@pytest.mark.parametrize(("transient", "retries", "tries"), [(True, 2, 3), (True, 0, 1), (False, 2, 1)])
def test_only_transient_failures_are_tried_again(transient: bool, retries: int, tries: int) -> None:
    calls = []

    def fails(root: Path, stage: str, force: bool, log: Path) -> StageResult:
        calls.append(stage)
        raise StageError("it failed", "", transient=transient)

    with pytest.raises(StageError):
        retried(fails, retries, 0.0)(Path(), "probe", False, Path())
    assert len(calls) == tries
