"""Commands that are started beside a project say that this folder is none, and write nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cad2real.cli import main
from cad2real.errors import UserError
from cad2real.layout import Layout
from flows.init_project import init_project
from flows.project import STARTER

NO_PROJECT = "This folder is no project."


def said(command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setattr(sys, "argv", ["cad2real", *command.split()])
    with pytest.raises(SystemExit):
        main()
    return capsys.readouterr().err


COMMANDS = [
    "catalogue", "render", "photos", "photos --correct", "photos --export coco --out x", "train probe", "train find",
    "train finetune", "train adapt", "train tune", "train baselines", "evaluate", "segment train", "segment evaluate",
    "segment predict x.jpg --out x", "index", "index add x.stl", "index remove x", "search x.jpg", "search evaluate",
    "predict x.jpg", "find x.jpg", "count x.jpg", "label --suggest 3", "label x", "serve", "feedback", "export --out x",
    "export onnx", "materials", "report", "verify", "versions", "checkout latest",
]  # fmt: skip
"""Commands that work on a project; run, watch, nightly and status miss its dvc.yaml by name."""


@pytest.mark.parametrize("command", [*COMMANDS, "run", "watch", "nightly", "status"])
def test_a_folder_that_is_no_project_is_called_so_and_stays_as_it_is(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (line,) = said(command, monkeypatch, capsys).splitlines()
    assert (NO_PROJECT if command in COMMANDS else f"There is no dvc.yaml in {tmp_path}.") in line
    assert "make one with: cad2real init DIR" in line
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize("command", ["search x.jpg", "predict x.jpg", "render", "catalogue", "train probe", "verify"])
def test_what_a_project_lacks_is_named_alone(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").touch()
    assert NO_PROJECT not in said(command, monkeypatch, capsys)


def test_a_folder_in_a_project_names_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    init_project(tmp_path)
    monkeypatch.chdir(tmp_path / "data" / "photos")
    assert f"{NO_PROJECT} Go to {tmp_path}" in said("report", monkeypatch, capsys)


@pytest.mark.parametrize("part", ["params.yaml", "dvc.yaml", "data/index", "data/feedback", "data/photos"])
def test_what_was_copied_of_a_project_is_enough(part: str, tmp_path: Path) -> None:
    """A small machine may serve an index alone."""
    (tmp_path / "data").mkdir()
    with pytest.raises(UserError, match=NO_PROJECT):
        Layout.of_project(tmp_path)
    (tmp_path / part).mkdir()
    assert Layout.of_project(tmp_path) == Layout(tmp_path)


def test_other_mistakes_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert NO_PROJECT not in said("label", monkeypatch, capsys)
    assert NO_PROJECT not in said("render --parts parts.csv --out x", monkeypatch, capsys)
    assert NO_PROJECT not in said("predict x.jpg --model model", monkeypatch, capsys)


def test_no_model_names_a_command_that_makes_one(tmp_path: Path) -> None:
    from train.model import Model

    with pytest.raises(UserError, match="Run `cad2real run` first"):
        Model.load(tmp_path)


READ_BY = [
    ("params.yaml", ["run", "run --set train.epochs=3", "catalogue", "render", "photos", "report", "params --refresh"]),
    ("dvc.yaml", ["run", "run --set train.epochs=3", "status", "watch"]),
]


@pytest.mark.parametrize(("name", "command"), [(name, command) for name, commands in READ_BY for command in commands])
def test_settings_that_are_a_folder_are_said_in_a_line(
    name: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for file in ("params.yaml", "dvc.yaml"):
        (tmp_path / file).write_bytes((STARTER / file).read_bytes())
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    (line,) = said(command, monkeypatch, capsys).splitlines()
    assert line.startswith("error: ") and (f"{name} is a folder" in line or f"There is no {name}" in line)
