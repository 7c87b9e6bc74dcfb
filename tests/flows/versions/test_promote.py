"""A model takes the place of the one in use only if it is not worse; `current` is always a whole model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cad2real.errors import UserError
from flows.schedule.nightly import check_schedule
from flows.versions.promote import KEPT_MODELS, Scorer, compare, promote, score


def scores(accuracy: float | None, label_free: float | None, classes: str = "ab") -> dict[str, Any]:
    return {"classes": list(classes), "accuracy": accuracy, "label_free": label_free, "photos": 9}


def fixed(before: dict[str, Any], after: dict[str, Any]) -> Scorer:
    return lambda root, folders: [before, after]


def train(project: Path, content: str) -> None:
    folder = project / "data" / "models" / "adapt"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.safetensors").write_text(content)
    (folder / "model.json").write_text("{}")
    (project / "data" / "index").mkdir(exist_ok=True)
    (project / "data" / "index" / "index.json").write_text(f'"{content}"')


def in_use(project: Path) -> str:
    return (project / "data" / "models" / "current" / "model.safetensors").read_text()


@pytest.mark.parametrize(
    ("before", "after", "promoted"),
    [
        (scores(0.80, 0.50), scores(0.90, 0.60), True),
        (scores(0.80, 0.50), scores(0.795, 0.495), True),  # within the tolerance
        (scores(0.80, 0.50), scores(0.78, 0.60), False),
        (scores(0.80, 0.50), scores(0.90, 0.40), False),
        (scores(None, 0.50), scores(None, 0.60), True),
        (scores(None, 0.50), scores(None, 0.40), False),
        (scores(None, None), scores(None, None), True),
        (scores(0.80, 0.50), scores(0.10, 0.10, "abc"), True),  # a new part
    ],
)
def test_a_model_is_judged_by_both_scores(before: dict[str, Any], after: dict[str, Any], promoted: bool) -> None:
    decision = compare(before, after, 0.01)
    assert decision.promoted == promoted
    assert decision.reason


def test_the_link_turns_only_for_a_model_that_is_not_worse(project: Path) -> None:
    train(project, "first")
    assert promote(project, "20260411-020000", 0.01).promoted
    assert in_use(project) == "first"

    train(project, "worse")
    assert not promote(project, "20260412-020000", 0.01, fixed(scores(0.8, 0.5), scores(0.7, 0.5))).promoted
    assert in_use(project) == "first"

    train(project, "better")
    assert promote(project, "20260413-020000", 0.01, fixed(scores(0.8, 0.5), scores(0.9, 0.5))).promoted
    assert in_use(project) == "better"
    assert not promote(project, "20260414-020000", 0.01).promoted  # unchanged

    # Later training does not touch what is in use.
    train(project, "next")
    assert in_use(project) == "better"


def test_the_current_folder_is_laid_out_like_a_project(project: Path) -> None:
    train(project, "first")
    promote(project, "20260411-020000", 0.01)
    current = project / "data" / "models" / "current"
    assert (current / "data" / "models" / "adapt" / "model.safetensors").read_text() == "first"
    assert (current / "data" / "index" / "index.json").read_text() == '"first"'
    assert (current / "params.yaml").exists()


def test_only_the_last_models_are_kept(project: Path) -> None:
    better = fixed(scores(0.8, 0.5), scores(0.8, 0.5))
    for number in range(KEPT_MODELS + 2):
        train(project, f"model {number}")
        promote(project, f"2026041{number}-020000", 0.01, better)
    kept = sorted(path.name for path in (project / "data" / "models" / "promoted").iterdir())
    assert kept == [f"2026041{number}-020000" for number in range(2, KEPT_MODELS + 2)]
    assert in_use(project) == f"model {KEPT_MODELS + 1}"


def test_without_a_model_it_says_what_to_do(project: Path) -> None:
    with pytest.raises(UserError, match="no adapted model"):
        promote(project, "20260411-020000", 0.01)


def test_models_that_cannot_be_scored_leave_the_one_in_use(project: Path) -> None:
    train(project, "not a model")
    with pytest.raises(UserError, match="The one in use stays"):
        score(project, [project / "data" / "models" / "adapt"])


@pytest.mark.parametrize(
    ("cron", "timezone"), [("0 2 * *", "UTC"), ("99 2 * * *", "UTC"), ("0 2 * * *", "Europe/Atlantis")]
)
def test_a_wrong_schedule_is_refused(cron: str, timezone: str) -> None:
    with pytest.raises(UserError, match="--"):
        check_schedule(cron, timezone)


def test_a_right_schedule_is_not() -> None:
    check_schedule("0 2 * * *", "Europe/Berlin")
