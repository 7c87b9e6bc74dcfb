"""The search for parameters: the first trial is what there is, a killed search goes on, target labels play no part."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from cad2real.errors import UserError
from cad2real.layout import Layout
from cad2real.params import load_params
from tests.train.conftest import SMALL
from train.cli import train_app
from train.loop.checkpoint import Checkpoint
from train.stages import finetune, probe, tune
from train.stages.search_space import RANGES, TunedStage
from train.stages.source_domain import source_domain

STAGES: tuple[TunedStage, ...] = ("finetune", "adapt")


@pytest.mark.parametrize("stage", STAGES)
def test_ranges_hold_parameters_of_the_stage_and_their_defaults(stage: TunedStage) -> None:
    for name, reach in RANGES[stage].items():
        assert reach.low <= getattr(getattr(SMALL, stage), name) <= reach.high


def test_what_finetune_finds_can_be_handed_over_to_adapt() -> None:
    assert RANGES["finetune"].keys() <= type(SMALL.adapt).model_fields.keys()


@pytest.mark.parametrize("stage", STAGES)
def test_a_search_goes_on_where_it_was_killed(
    stage: TunedStage, project: Layout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
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
        tune.run(project, SMALL, stage, 3)
    found = tune.run(project, SMALL, stage, 3)
    assert "resumed at epoch 2 of 2" in capsys.readouterr().err
    assert [candidate.name for candidate in found.candidates] == ["trial 1", "trial 3", "trial 4"]
    assert found.chosen in found.candidates and set(found.values) == set(RANGES[stage])

    (summary,) = optuna.get_all_study_summaries(f"sqlite:///{project.cache / 'tune.db'}")
    trials = optuna.load_study(study_name=summary.study_name, storage=f"sqlite:///{project.cache / 'tune.db'}").trials
    assert trials[0].params == {name: getattr(getattr(SMALL, stage), name) for name in RANGES[stage]}
    assert trials[1].params == trials[2].params != trials[3].params
    assert not list(project.cache.glob("tune-*"))
    assert not (project.models / stage).exists()


def test_a_trial_is_the_stage_with_its_values(project: Layout) -> None:
    pytest.importorskip("optuna")
    probe.run(project, SMALL)
    by_stage = finetune.run(project, SMALL)
    found = tune.run(project, SMALL, "finetune", 1)
    assert found.score == "source_accuracy" and found.chosen.scores == by_stage["scores"]


def test_fine_tuning_can_be_searched_before_there_are_photos(project: Layout) -> None:
    pytest.importorskip("optuna")
    probe.run(project, SMALL)
    shutil.rmtree(project.squares)
    assert len(tune.run(project, SMALL, "finetune", 1).candidates) == 1
    with pytest.raises(UserError):
        tune.run(project, SMALL, "adapt", 1)


def test_fine_tuning_cannot_be_judged_without_held_out_renders(
    project: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("optuna")
    probe.run(project, SMALL)
    whole = source_domain(project, SMALL)
    none = replace(whole, held_out=np.zeros_like(whole.held_out))
    monkeypatch.setattr("train.stages.tune_trials.source_domain", lambda *_: none)
    with pytest.raises(UserError, match="no renders are held out"):
        tune.run(project, SMALL, "finetune", 1)


@pytest.mark.parametrize("stage", STAGES)
def test_the_command_prints_what_to_put_into_params_yaml(
    stage: TunedStage, project: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("optuna")
    project.params.write_text(json.dumps({"train": SMALL.model_dump(mode="json")}))
    monkeypatch.chdir(project.root)
    probe.run(project, SMALL)
    said = CliRunner().invoke(train_app, ["tune", "--stage", stage, "--trials", "1"])
    assert said.exit_code == 0, said.output
    assert "trial 1" in said.stdout and "    backbone_learning_rate: 0.0002\n" in said.stdout
    printed = yaml.safe_load(said.stdout[said.stdout.index("# trial 1") :])["train"]
    assert {name: set(block) for name, block in printed.items()} == {
        name: set(RANGES[stage]) for name in {stage, "adapt"}
    }
    project.params.write_text(json.dumps({"train": printed}))
    assert load_params(project.params).train.adapt.backbone_learning_rate == SMALL.adapt.backbone_learning_rate


def test_without_optuna_one_line_says_how_to_get_it(project: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(UserError, match=r"pip install '\.\[tune\]'"):
        tune.run(project, SMALL, "adapt", 1)
