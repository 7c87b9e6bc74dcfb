"""What runs when, and what a failure says. The stages run through DVC; Prefect is tested in test_run.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.pipeline import Outcome, StageError, execute, run_stages
from flows.project import prepare
from flows.stages import read_stages, stale_stages

RAN, UNCHANGED = Outcome.RAN, Outcome.UNCHANGED


def run_all(project: Path, *, force: bool = False) -> list[Outcome]:
    prepare(project)
    results = run_stages(
        project,
        read_stages(project),
        stale=list(stale_stages(project)),
        force=force,
        logs=project / "data" / "logs",
        runner=execute,
    )
    return [result.outcome for result in results]


def test_only_what_changed_and_what_comes_after_runs(project: Path) -> None:
    assert run_all(project) == [RAN, RAN]
    assert (project / "data" / "second.txt").read_text() == "bolt\n"
    assert run_all(project) == [UNCHANGED, UNCHANGED]
    (project / "params.yaml").write_text("catalogue: {}\ntrain: {epochs: 3}\n")
    assert run_all(project) == [UNCHANGED, RAN]
    (project / "data" / "parts" / "note.txt").write_text("does not change the catalogue")
    assert run_all(project) == [RAN, UNCHANGED]
    (project / "data" / "parts" / "parts.csv").write_text("nut\n")
    assert run_all(project) == [RAN, RAN]
    assert (project / "data" / "second.txt").read_text() == "nut\n"
    assert stale_stages(project) == {}


def test_force_runs_what_is_up_to_date(project: Path) -> None:
    run_all(project)
    assert run_all(project, force=True) == [RAN, RAN]


def test_reasons_are_in_words(project: Path) -> None:
    run_all(project)
    (project / "data" / "parts" / "parts.csv").write_text("nut\n")
    (project / "data" / "second.txt").unlink()
    (project / "params.yaml").write_text("catalogue: {}\ntrain: {epochs: 3}\n")
    reasons = stale_stages(project)
    assert reasons["catalogue"] == ["data/parts modified"]
    assert sorted(reasons["second"]) == ["data/second.txt deleted (an output)", "train modified"]


def failing(project: Path, command: str) -> StageError:
    text = (project / "dvc.yaml").read_text()
    old = "cat data/catalogue.json > data/second.txt"
    (project / "dvc.yaml").write_text(text.replace(f"cmd: {old}", f"cmd: {json.dumps(command)}"))
    with pytest.raises(StageError) as caught:
        run_all(project)
    assert "stage second" in str(caught.value)
    assert str(project / "data" / "logs" / "second.log") in str(caught.value)
    return caught.value


def test_a_users_mistake_is_repeated_in_its_own_words_and_not_retried(project: Path) -> None:
    failure = failing(project, "echo 'error: row 3 has no file. Name one.' >&2; exit 1")
    assert "stage second: row 3 has no file. Name one." in str(failure)
    assert not failure.passing


def test_a_fault_shows_its_last_lines_and_is_not_retried(project: Path) -> None:
    failure = failing(project, "echo 'ValueError: a bug' >&2; exit 1")
    assert "ValueError: a bug" in str(failure)
    assert not failure.passing


@pytest.mark.parametrize("command", ["kill -KILL $$", "echo MemoryError; exit 1"])
def test_what_may_pass_is_marked_for_a_retry(project: Path, command: str) -> None:
    assert failing(project, command).passing


def test_a_failed_run_goes_on_where_it_stopped(project: Path) -> None:
    good = (project / "dvc.yaml").read_text()
    failing(project, "exit 1")
    (project / "dvc.yaml").write_text(good)
    assert run_all(project) == [UNCHANGED, RAN]
