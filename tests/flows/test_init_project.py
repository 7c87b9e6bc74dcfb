"""`cad2real init`, and that the repository's project and the starter say the same."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from cad2real.cli import app
from cad2real.disk_errors import disk_error
from cad2real.errors import UserError
from cad2real.params import Params, load_params
from flows.dvc.code_versions import ROOMS, refresh
from flows.init_project import STARTER, init_project, new_project
from flows.project import prepare
from flows.stages import stale_stages

REPOSITORY = Path(__file__).parents[2]


def test_a_new_project_is_ready_and_has_the_defaults(tmp_path: Path) -> None:
    root = tmp_path / "gearbox"
    init_project(root)
    assert prepare(root) == Params()
    stages = stale_stages(root)
    assert list(stages) == ["catalogue", "render", "find", "photos", "probe", "adapt", "evaluate", "index", "report"]
    assert (root / "data" / "parts" / "parts.csv").read_text().startswith("part_id,")
    assert (root / "data" / "photos").is_dir()


def test_what_was_written_is_listed_and_the_next_command_can_be_pasted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(app, ["init", "my gearbox"]).output
    assert "wrote my gearbox/code.yaml" in said
    assert "cd 'my gearbox' && cad2real run" in said


def test_what_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "data" / "parts").mkdir(parents=True)
    (tmp_path / "data" / "parts" / "parts.csv").write_text("part_id,file\nmine,mine.stl\n")
    init_project(tmp_path)
    assert "mine" in (tmp_path / "data" / "parts" / "parts.csv").read_text()
    with pytest.raises(UserError, match="is a project already"):
        init_project(tmp_path)


def test_new_code_is_recorded_once(tmp_path: Path) -> None:
    init_project(tmp_path)
    path = tmp_path / "code.yaml"
    assert set(yaml.safe_load(path.read_text())) == set(ROOMS)
    path.write_text("train: older\n")
    refresh(tmp_path)
    assert yaml.safe_load(path.read_text())["train"] != "older"


@pytest.mark.parametrize("path", [REPOSITORY / "params.yaml", STARTER / "params.yaml"])
def test_params_files_are_valid_and_have_every_block(path: Path) -> None:
    load_params(path)
    assert set(Params().model_dump()) == set(yaml.safe_load(path.read_text()))


def test_the_starters_stages_are_the_repositorys_with_code_versions_for_folders() -> None:
    ours = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]
    theirs = yaml.safe_load((STARTER / "dvc.yaml").read_text())["stages"]
    for stage in ours.values():
        code = [dep for dep in stage["deps"] if not dep.startswith(("data/", ".dvcignore"))]
        stage["deps"] = [dep for dep in stage["deps"] if dep not in code]
        keys = [dep.removesuffix(".py").replace("/", ".") for dep in code]
        stage.setdefault("params", []).append({"code.yaml": keys})
    assert theirs == ours
    assert list(theirs) == list(ours)


def test_what_was_cut_off_is_no_project_yet_and_the_same_again_finishes_it(tmp_path: Path) -> None:
    root = tmp_path / "gearbox"

    def cut_off() -> None:
        with new_project(root):
            (root / "data" / "parts" / "half.stl").write_text("half")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "source.stl", None, str(root / "half.stl"))

    with pytest.raises(OSError, match="No space") as error:
        cut_off()
    assert str(disk_error(error.value)).startswith(f"{root / 'half.stl'}: No space left")
    assert not (root / "dvc.yaml").exists()
    assert not list(root.glob(".dvc.yaml*"))
    assert init_project(root) == [root / "dvc.yaml"]
    assert prepare(root) == Params()
    assert (root / "data" / "parts" / "half.stl").exists()


def killed_while_writing(*files: Path) -> None:
    """A process that is killed with all of `files` half written."""
    script = """
import os, signal, sys
from contextlib import ExitStack
from pathlib import Path
from cad2real.files import atomic_file
with ExitStack() as open_files:
    for name in sys.argv[1:]:
        open_files.enter_context(atomic_file(Path(name))).write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", script, *map(str, files)], check=False)
    assert done.returncode == -signal.SIGKILL


def test_what_a_killed_init_left_is_swept_by_the_next_one(tmp_path: Path) -> None:
    root = tmp_path / "gearbox"
    alive, theirs = root / f".dvc.yaml.{os.getppid()}.tmp", root / "other.yaml"
    killed_while_writing(root / "dvc.yaml", root / "params.yaml", root / "data/parts/part.stl", theirs)
    alive.touch()
    assert len(list(root.rglob(".*.tmp"))) == 5
    init_project(root)
    assert {path.name.split(".")[1] for path in root.rglob(".*.tmp")} == {"dvc", "other"}, "no file of another program"
    assert alive.exists(), "nor of a process that is at work"
    killed_while_writing(
        root / "params.yaml", root / "data/catalogue.json", root / "data/cache/f.bin", root / "versions/1"
    )
    prepare(root)
    assert {path.name.split(".")[1] for path in root.rglob(".*.tmp")} == {"dvc", "other"}
