"""What runs when, and what a failure says. The stages run through DVC; Prefect is tested in test_run.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_project import run_all

from flows.pipeline import Outcome, StageError
from flows.stages import stale_stages

RAN, UNCHANGED = Outcome.RAN, Outcome.UNCHANGED


def outcomes(root: Path, *, force: bool = False) -> list[Outcome]:
    return [result.outcome for result in run_all(root, force=force)]


def test_only_what_changed_and_what_comes_after_runs(finished: Path) -> None:
    assert (finished / "data" / "second.txt").read_text() == "bolt\n"
    assert outcomes(finished) == [UNCHANGED, UNCHANGED]
    (finished / "params.yaml").write_text("catalogue: {}\ntrain: {epochs: 3}\n")
    assert outcomes(finished) == [UNCHANGED, RAN]
    (finished / "data" / "parts" / "note.txt").write_text("does not change the catalogue")
    assert outcomes(finished) == [RAN, UNCHANGED]
    (finished / "data" / "parts" / "parts.csv").write_text("nut\n")
    assert outcomes(finished) == [RAN, RAN]
    assert (finished / "data" / "second.txt").read_text() == "nut\n"


def test_force_runs_what_is_up_to_date(finished: Path) -> None:
    assert outcomes(finished, force=True) == [RAN, RAN]


def test_reasons_are_in_words(finished: Path) -> None:
    (finished / "data" / "parts" / "parts.csv").write_text("nut\n")
    (finished / "data" / "second.txt").unlink()
    (finished / "params.yaml").write_text("catalogue: {}\ntrain: {epochs: 3}\n")
    reasons = stale_stages(finished)
    assert reasons["catalogue"] == ["data/parts modified"]
    assert sorted(reasons["second"]) == ["data/second.txt deleted (an output)", "train modified"]


def failing(finished: Path, command: str) -> StageError:
    text = (finished / "dvc.yaml").read_text()
    old = "cat data/catalogue.json > data/second.txt"
    (finished / "dvc.yaml").write_text(text.replace(f"cmd: {old}", f"cmd: {json.dumps(command)}"))
    with pytest.raises(StageError) as caught:
        run_all(finished)
    assert "stage second" in str(caught.value)
    assert str(finished / "data" / "logs" / "second.log") in str(caught.value)
    return caught.value


def test_a_users_mistake_is_repeated_in_its_own_words_and_not_retried(finished: Path) -> None:
    failure = failing(finished, "echo 'error: row 3 has no file. Name one.' >&2; exit 1")
    assert "stage second: row 3 has no file. Name one." in str(failure)
    assert not failure.transient


def test_a_fault_shows_its_last_lines_and_is_not_retried(finished: Path) -> None:
    failure = failing(finished, "echo 'ValueError: a bug' >&2; exit 1")
    assert "ValueError: a bug" in str(failure)
    assert not failure.transient


@pytest.mark.parametrize("command", ["kill -KILL $$", "echo MemoryError; exit 1"])
def test_what_may_pass_is_marked_for_a_retry(finished: Path, command: str) -> None:
    assert failing(finished, command).transient


def test_a_failed_run_goes_on_where_it_stopped(finished: Path) -> None:
    good = (finished / "dvc.yaml").read_text()
    (finished / "data" / "parts" / "parts.csv").write_text("nut\n")
    failing(finished, "exit 1")
    (finished / "dvc.yaml").write_text(good)
    assert outcomes(finished) == [UNCHANGED, RAN]
    assert (finished / "data" / "second.txt").read_text() == "nut\n"


def test_results_of_an_earlier_run_are_brought_back(finished: Path) -> None:
    (finished / "data" / "parts" / "parts.csv").write_text("nut\n")
    assert outcomes(finished) == [RAN, RAN]
    (finished / "data" / "parts" / "parts.csv").write_text("bolt\n")
    assert outcomes(finished) == [Outcome.RESTORED, Outcome.RESTORED]
    assert (finished / "data" / "second.txt").read_text() == "bolt\n"
