"""The status names what is stale and why, the run at work, and what was left out."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from cad2real.errors import UserError
from cad2real.files import write_json
from flows.dvc.code_versions import FILE, refresh
from flows.health.status import status_lines
from flows.project import prepare, project_lock
from flows.schedule.next_run import announce_schedule, next_run


def test_a_new_project(project: Path) -> None:
    prepare(project)
    lines = status_lines(project)
    assert "stale: catalogue (has not run yet)" in lines
    assert "last recorded run: none" in lines
    assert "model: none yet" in lines


def test_asking_in_a_folder_that_is_no_project_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        status_lines(tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_was_skipped_and_who_is_at_work(project: Path) -> None:
    prepare(project)
    data = project / "data"
    fault = {"thing": "gear", "where": "parts.csv row 3", "reason": "has no file. Name one."}
    write_json(data / "catalogue.json", {"parts": [], "skipped": [fault]})
    write_json(data / "squares" / "skipped.json", [fault | {"thing": f"{n}.jpg"} for n in range(6)])
    write_json(data / "models" / "adapt" / "model.json", {"backbone": "lite", "classes": ["a", "b"]})
    with project_lock(project):
        lines = status_lines(project)
    assert "skipped: gear: has no file. Name one." in lines
    assert "skipped: 2 more, see the report" in lines
    assert "model: adapt, lite, 2 classes" in lines
    assert [line for line in lines if line.startswith("running now: process")]
    assert not [line for line in status_lines(project) if line.startswith("running now")]


def test_the_model_in_use_and_the_next_run(project: Path) -> None:
    prepare(project)
    models = project / "data" / "models"
    write_json(models / "promoted" / "20260412-020000" / "model.json", {"backbone": "lite", "classes": ["a"]})
    (models / "current").symlink_to("promoted/20260412-020000")
    write_json(models / "adapt" / "model.json", {"backbone": "lite", "classes": ["a", "b"]})
    with announce_schedule(project, "30 2 * * *", "Europe/Berlin"):
        lines = status_lines(project)
        (project / "data" / "logs" / "nightly.json").rename(project / "kept.json")
    assert "model in use: 20260412-020000, lite, 1 classes; last trained: adapt, lite, 2 classes" in lines
    (said,) = [line for line in lines if line.startswith("next run: ")]
    assert said.endswith(" 02:30 (Europe/Berlin)")
    assert next_run(project) is None
    # One that was killed leaves its word behind.
    text = (project / "kept.json").read_text()
    (project / "data" / "logs" / "nightly.json").write_text(text.replace('"born": 1', '"born": 2'))
    assert next_run(project) is None


def test_an_update_of_cad2real_is_told(project: Path) -> None:
    prepare(project)
    (project / FILE).touch()
    refresh(project)
    assert not [line for line in status_lines(project) if "older code" in line]
    recorded = yaml.safe_load((project / FILE).read_text())
    other_modules = recorded["render"] | {"job": "0"}
    one_hash = "612c0145f856938c"  # as versions wrote it that had one hash for all of a room
    for older in (other_modules, one_hash):
        (project / FILE).write_text(yaml.safe_dump(recorded | {"render": older}))
        assert "stale: what was made by older code of render (cad2real was updated)" in status_lines(project)
