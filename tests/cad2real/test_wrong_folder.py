"""Commands that are started beside a project: what is missing is named, and that this folder is none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cad2real.cli import main
from cad2real.errors import UserError

NO_PROJECT = "This folder is no project."


def said(command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setattr(sys, "argv", ["cad2real", *command.split()])
    with pytest.raises(SystemExit):
        main()
    return capsys.readouterr().err


@pytest.mark.parametrize("command", ["search x.jpg", "predict x.jpg", "render", "catalogue", "train probe", "photos"])
def test_a_folder_that_is_no_project_is_called_so(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert NO_PROJECT in said(command, monkeypatch, capsys).splitlines()[-1]
    assert not list(tmp_path.rglob("squares"))
    (tmp_path / "params.yaml").touch()
    if command != "photos":  # a project may have none
        assert NO_PROJECT not in said(command, monkeypatch, capsys)


def test_other_mistakes_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert NO_PROJECT not in said("label", monkeypatch, capsys)


def test_no_model_names_a_command_that_makes_one(tmp_path: Path) -> None:
    from train.model import Model

    with pytest.raises(UserError, match="Run `cad2real run` first"):
        Model.load(tmp_path)
