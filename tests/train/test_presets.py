"""Every preset is a valid `train` block that fits its network, and the command prints it."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import timm
import torch
import yaml
from typer.testing import CliRunner

from cad2real.errors import UserError
from cad2real.params import load_params
from tests.train.methods.test_methods_adapt import CLASSES, SIZE, domains
from tests.train.networks.small_families import cut_small
from train import presets
from train.cli import train_app
from train.loop.adaptation import Adaptation, adapt
from train.networks.new_network import new_network
from train.networks.recipes import recipe_of, with_recipe
from train.params import TrainParams


def block(name: str) -> TrainParams:
    return TrainParams.model_validate_json(json.dumps(yaml.safe_load(presets.text(name))["train"]))


PAPERS = [f"synthnet-{network}-{method}" for network in ("swinv2", "vit") for method in ("cdan", "cdan-mcc", "mcc")]
STRONG = ["dinov2-base-adapted", "dinov2-base-frozen", "dinov2-small-frozen"]


def test_the_papers_recipes_are_there() -> None:
    assert presets.names() == sorted(PAPERS + STRONG)


@pytest.mark.parametrize("name", STRONG)
def test_a_strong_networks_preset_follows_its_recipe(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step of it with a tiny network; a frozen one is left as it is, and its head learns."""
    whole, frozen = with_recipe(block(name)), name.endswith("frozen")
    assert whole.image_size == 224 and whole.adapt.backbone_learning_rate == 1e-5 and whole.weights == "hub"
    cut_small(monkeypatch)
    torch.manual_seed(0)
    size = {"image_size": 56, "batch_size": 2, "epochs": 1, "steps_per_epoch": 2}
    params = whole.model_copy(update={**size, "adapt": whole.adapt.model_copy(update={"source_only_share": 0.0})})
    network = new_network(params.backbone, "random", CLASSES, 56, recipe_of(params.backbone).pooling)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    adapt(Adaptation(network, *domains(), params), lambda epoch, averaged, losses: None)
    changed = {
        name.split(".")[0] for name, value in network.state_dict().items() if not torch.equal(value, before[name])
    }
    assert changed == ({"head", "norm"} if frozen else {"backbone", "head", "norm"})


@pytest.mark.parametrize("name", PAPERS)
def test_a_preset_trains(name: str) -> None:
    """A step of it, with a small network of the same kind that starts from random weights."""
    small = {"vit": "test_vit", "swinv2": "swinv2_tiny_window8_256"}[name.split("-")[1]]
    cut = {
        "backbone": small,
        "weights": "random",
        "image_size": SIZE,
        "batch_size": 2,
        "epochs": 1,
        "steps_per_epoch": 1,
    }
    params = block(name).model_copy(update=cut)
    seen: list[dict[str, float]] = []
    torch.manual_seed(0)
    network = new_network(small, "random", CLASSES, SIZE)
    adapt(Adaptation(network, *domains(), params), lambda epoch, averaged, losses: seen.append(losses))
    assert set(seen[0]) == {"source", *name.split("-")[2:]} and all(math.isfinite(loss) for loss in seen[0].values())


@pytest.mark.parametrize("name", PAPERS)
def test_a_preset_is_valid_and_fits_its_network(name: str, tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(presets.text(name))
    params = load_params(tmp_path / "params.yaml").train
    config = timm.get_pretrained_cfg(params.backbone)
    assert config is not None and config.input_size[-1] == params.image_size and config.hf_hub_id is not None
    assert params.weights == "hub"
    assert (params.adapt.backbone_learning_rate, params.adapt.weight_decay, params.epochs) == (1e-5, 0.01, 20)
    assert set(params.adapt.methods) == set(name.split("-")[2:]) and set(params.adapt.methods.values()) == {1.0}


@pytest.mark.parametrize("name", PAPERS)
def test_presets_differ_in_network_and_methods_only(name: str) -> None:
    first, other = block("synthnet-swinv2-cdan-mcc"), block(name)
    same = {
        "backbone": first.backbone,
        "image_size": first.image_size,
        "adapt": other.adapt.model_copy(
            update={"methods": first.adapt.methods, "mcc_temperature": first.adapt.mcc_temperature}
        ),
    }
    assert other.model_copy(update=same) == first


def test_the_command_lists_and_prints() -> None:
    run = CliRunner()
    listed = run.invoke(train_app, ["presets"])
    assert listed.exit_code == 0
    assert all(name in listed.output and presets.title(name) in listed.output for name in presets.names())
    assert run.invoke(train_app, ["presets", "synthnet-vit-mcc"]).output == presets.text("synthnet-vit-mcc")
    with pytest.raises(UserError, match="no preset 'vit'"):
        presets.text("vit")
