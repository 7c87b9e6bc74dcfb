"""The search for parameters: the first trial is what there is, a killed search goes on, target labels play no part."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from cad2real.errors import UserError
from cad2real.layout import Layout
from tests.train.conftest import SMALL
from train.checkpoint import Checkpoint
from train.cli import train_app
from train.stages import probe, tune
from train.tuning_ranges import RANGES


def test_ranges_hold_parameters_of_adapt_and_their_defaults() -> None:
    for name, reach in RANGES.items():
        assert reach.low <= getattr(SMALL.adapt, name) <= reach.high


def test_a_search_goes_on_where_it_was_killed(
    project: Layout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    optuna = pytest.importorskip("optuna")
    probe.run(project, SMALL)
    save, saved = Checkpoint.save, []

    def killed(self: Checkpoint, run: object, epochs: int) -> None:
        save(self, run, epochs)  # type: ignore[arg-type]
        saved.append(epochs)
        if len(saved) == 3:  # the second trial, after its first epoch
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Checkpoint, "save", killed)
        tune.run(project, SMALL, 3)
    best, known, chosen = tune.run(project, SMALL, 3)
    assert "resumed at epoch 2 of 2" in capsys.readouterr().err
    assert [candidate.name for candidate in known] == ["trial 1", "trial 3", "trial 4"] and chosen in known
    assert set(best) == set(RANGES)

    (summary,) = optuna.get_all_study_summaries(f"sqlite:///{project.cache / 'tune.db'}")
    trials = optuna.load_study(study_name=summary.study_name, storage=f"sqlite:///{project.cache / 'tune.db'}").trials
    assert trials[0].params == {name: getattr(SMALL.adapt, name) for name in RANGES}
    assert trials[1].params == trials[2].params != trials[3].params
    assert not list(project.cache.glob("tune-*"))
    assert not (project.models / "adapt").exists()


def test_the_command_prints_what_to_put_into_params_yaml(project: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("optuna")
    project.params.write_text(json.dumps({"train": SMALL.model_dump(mode="json")}))
    monkeypatch.chdir(project.root)
    probe.run(project, SMALL)
    said = CliRunner().invoke(train_app, ["tune", "--trials", "1"])
    assert said.exit_code == 0, said.output
    assert "trial 1" in said.stdout and "    backbone_learning_rate: 0.0002\n" in said.stdout


def test_without_optuna_one_line_says_how_to_get_it(project: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(UserError, match=r"pip install '\.\[tune\]'"):
        tune.run(project, SMALL, 1)
