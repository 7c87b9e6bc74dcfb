"""A project folder is made ready for a run, or the user hears what to mend."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from cad2real.errors import UserError
from flows.init_project import init_project
from flows.project import prepare, project_lock
from flows.stages import chosen_stages, stale_stages


def test_dvc_is_set_up_without_git_and_without_telemetry(project: Path) -> None:
    prepare(project)
    assert (project / "data" / "photos").is_dir()
    config = (project / ".dvc" / "config").read_text()
    assert "no_scm = True" in config
    assert "analytics = false" in config
    assert stale_stages(project) == {"catalogue": ["has not run yet"], "second": ["has not run yet"]}


def test_a_project_that_never_ran_has_all_of_it_to_do(tmp_path: Path) -> None:
    init_project(tmp_path)
    assert set(map(tuple, stale_stages(tmp_path).values())) == {("has not run yet",)}
    assert not (tmp_path / ".dvc").exists(), "asking sets up nothing"


@pytest.mark.parametrize("folder", ["parts", "photos", "feedback"])
def test_an_input_folder_that_is_a_dead_link_or_a_file_is_named_with_what_to_do(project: Path, folder: str) -> None:
    """All photos at once are not one bad photo: a run without them would train without them."""
    path = project / "data" / folder
    if path.exists():
        path.rename(project / "kept")
    path.symlink_to("/gone/away")
    with pytest.raises(UserError, match=rf"data/{folder} is a link that leads nowhere \(/gone/away\)\. Is a drive"):
        prepare(project)
    path.unlink()
    path.write_text("photos?")
    with pytest.raises(UserError, match=rf"data/{folder} is a file, and has to be a folder"):
        prepare(project)


def test_dvc_is_set_up_inside_someone_elses_git_repository(project: Path) -> None:
    subprocess.run(["git", "init", "-q", str(project.parent)], check=True)
    prepare(project)
    assert list(stale_stages(project)) == ["catalogue", "second"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_repository_of_another_user_in_a_folder_above_is_none(project: Path) -> None:
    """As for git, whose settings name commands: who may write to /tmp could put one there."""
    subprocess.run(["git", "init", "-q", str(project.parent)], check=True)
    for path in (project.parent / ".git", project.parent):
        os.chown(path, 54321, 54321)
    prepare(project)
    assert "no_scm = True" in (project / ".dvc" / "config").read_text()
    assert list(stale_stages(project)) == ["catalogue", "second"]


def test_what_dvc_cannot_set_up_is_not_left_half_made(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        (root / ".dvc").mkdir()
        return subprocess.CompletedProcess(arguments, 255, "", "ERROR: no room\n\nHaving any troubles?\n")

    monkeypatch.setattr("flows.project.run_dvc", failing)
    with pytest.raises(UserError, match=r"no room$"):
        prepare(project)
    assert not (project / ".dvc").exists()


def test_a_downloaded_archive_of_a_repository_works_without_git(project: Path) -> None:
    (project / ".dvc").mkdir()
    (project / ".dvc" / "config").write_text("[core]\n    autostage = false\n")
    prepare(project)
    assert list(stale_stages(project)) == ["catalogue", "second"]


@pytest.mark.parametrize("before", ["catalogue: {}  # mine", "catalogue: {}\n", ""])
def test_a_block_that_came_later_is_added_with_its_defaults(
    project: Path, before: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "params.yaml").write_text(before)
    prepare(project)
    text = (project / "params.yaml").read_text()
    assert text.startswith(before) and yaml.safe_load(text) == {"catalogue": {}, "train": {}}
    assert "train: {}, which has its defaults" in capsys.readouterr().err
    prepare(project)
    assert (project / "params.yaml").read_text() == text
    assert capsys.readouterr().err == ""


def test_a_missing_block_that_cannot_be_added_is_named(project: Path) -> None:
    (project / "params.yaml").write_text("{catalogue: {}}\n")
    with pytest.raises(UserError, match=r"lacks `train: \{\}`"):
        prepare(project)
    assert (project / "params.yaml").read_text() == "{catalogue: {}}\n"


def test_a_project_made_before_a_stage_came_hears_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "old"
    init_project(root)
    stages = yaml.safe_load((root / "dvc.yaml").read_text())
    prepare(root)
    assert capsys.readouterr().err == ""
    del stages["stages"]["find"]
    (root / "dvc.yaml").write_text(yaml.safe_dump(stages, sort_keys=False))
    prepare(root)
    assert "was made before the stage find" in capsys.readouterr().err


def test_a_project_made_before_a_stage_read_a_file_hears_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "old"
    init_project(root)
    stages = yaml.safe_load((root / "dvc.yaml").read_text())
    stages["stages"]["photos"]["deps"].remove(".dvcignore")
    stages["stages"]["render"]["cmd"] = "make renders"  # a command of one's own has dependencies of its own
    stages["stages"]["render"]["deps"] = None  # as an empty `deps:` is read
    (root / "dvc.yaml").write_text(yaml.safe_dump(stages, sort_keys=False))
    prepare(root)
    said = capsys.readouterr().err
    assert "the stage photos does not name .dvcignore" in said and said.count("\n") == 1


def test_the_demos_own_pipeline_names_all_that_the_starters_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "demo"
    init_project(root)
    (root / "dvc.yaml").write_bytes((Path(__file__).parents[2] / "dvc.yaml").read_bytes())
    prepare(root)
    assert "does not name" not in capsys.readouterr().err


def test_inputs_that_dvc_would_not_see_are_refused(project: Path) -> None:
    (project / "params.yaml").write_text("catalogue: {parts: ../elsewhere/parts.csv}\ntrain: {}\n")
    with pytest.raises(UserError, match=r"catalogue\.parts.*data/parts"):
        prepare(project)


def test_a_folder_without_a_project_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cad2real init"):
        prepare(tmp_path)


def test_an_unknown_stage_lists_the_known_ones(project: Path) -> None:
    with pytest.raises(UserError, match="catalogue, second"):
        chosen_stages(project, "third")
    assert [stage.name for stage in chosen_stages(project, "catalogue")] == ["catalogue"]


def test_a_second_run_at_once_is_refused_and_names_the_first(project: Path) -> None:
    with project_lock(project), pytest.raises(UserError, match=r"process \d+"), project_lock(project):
        pass
    with project_lock(project):
        pass
