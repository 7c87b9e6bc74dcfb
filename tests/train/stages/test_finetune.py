"""Stage 1b: all layers on renders alone, deeper ones slower, resumable as stage 2 is."""

from __future__ import annotations

import json

import pytest
import torch
from typer.testing import CliRunner

from cad2real.layout import Layout
from tests.train.conftest import SMALL
from train.cli import train_app
from train.loop.checkpoint import Checkpoint
from train.loop.optimizer import freeze_blocks, parameter_groups
from train.model import Model
from train.networks.new_network import new_network
from train.params import AdaptParams, FinetuneParams
from train.stages import finetune, probe
from train.stages.score import score_model


def weights(layout: Layout) -> bytes:
    return (layout.models / "finetune" / "model.safetensors").read_bytes()


def test_it_writes_a_model_that_can_be_scored_and_goes_on_when_killed(
    project: Layout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    probe.run(project, SMALL)
    before = Model.load(project.models / "probe").network
    description = finetune.run(project, SMALL)
    after = Model.load(project.models / "finetune")
    assert 0 <= description["scores"]["source_accuracy"] <= 1 and len(description["candidates"]) == 2
    first, last = next(before.backbone.parameters()), next(after.network.backbone.parameters())
    assert not torch.equal(first, last)
    norm = after.network.norm
    assert torch.equal(norm.source.running_mean, norm.target.running_mean)  # type: ignore[arg-type]
    assert score_model(project, project.models / "finetune")["photos"] == 6

    undisturbed, save = weights(project), Checkpoint.save

    def killed(self: Checkpoint, run: object, epochs: int) -> None:
        save(self, run, epochs)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Checkpoint, "save", killed)
        finetune.run(project, SMALL)
    finetune.run(project, SMALL)
    assert "train finetune: resumed at epoch 2 of 2." in capsys.readouterr().err
    assert weights(project) == undisturbed and not list(project.cache.glob("finetune-*"))


def test_from_scratch_the_head_of_the_probe_is_forgotten(project: Layout) -> None:
    probe.run(project, SMALL)
    finetune.run(project, SMALL)
    kept = weights(project)
    scratch = SMALL.model_copy(update={"finetune": FinetuneParams(start="scratch"), "epochs": 1, "steps_per_epoch": 1})
    finetune.run(project, scratch)
    assert weights(project) != kept
    head = Model.load(project.models / "finetune").network.head
    assert float(head.weight.detach().abs().max()) < 0.01  # one step of AdamW from zero


def test_the_command_says_how_good_it_is(project: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    project.params.write_text(json.dumps({"train": SMALL.model_dump(mode="json")}))
    monkeypatch.chdir(project.root)
    probe.run(project, SMALL)
    said = CliRunner().invoke(train_app, ["finetune"])
    assert said.exit_code == 0, said.output
    assert "finetune: held-out source accuracy" in said.output and "train.stages.score" in said.output


def test_rates_fall_towards_the_stem_and_frozen_blocks_do_not_train() -> None:
    network = new_network("test_efficientnet", "random", 3, 32)
    own = torch.nn.Linear(2, 2)
    stage = AdaptParams(layer_decay=0.5, frozen_blocks=1, backbone_learning_rate=0.1, head_learning_rate=1.0)
    freeze_blocks(network, stage.frozen_blocks)
    groups = parameter_groups(network, own.parameters(), stage, learning_rate_scale=0.5)
    rates = sorted({group["lr"] for group in groups}, reverse=True)
    assert rates[:3] == [0.5, 0.05, 0.025]
    assert [group["lr"] for group in groups[:-2]] == sorted(group["lr"] for group in groups[:-2])
    trained = {id(parameter) for group in groups for parameter in group["params"]}
    for parameter in (*network.parameters(), *own.parameters()):
        assert (id(parameter) in trained) == parameter.requires_grad
    assert not next(network.backbone.parameters()).requires_grad


def test_only_what_multiplies_features_decays() -> None:
    network = new_network("test_vit", "random", 3, 32)
    own = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))
    stage = AdaptParams(layer_decay=0.5, frozen_blocks=0, weight_decay=0.03)
    decays = {
        id(parameter): group["weight_decay"]
        for group in parameter_groups(network, own.parameters(), stage, learning_rate_scale=1.0)
        for parameter in group["params"]
    }
    positions = network.backbone.pos_embed
    for parameter in (*network.parameters(), *own.parameters()):
        spared = parameter.ndim == 1 or parameter is positions or parameter is network.backbone.cls_token
        assert decays[id(parameter)] == (0.0 if spared else 0.03)
