"""`train.recipe`: each family of networks gets its own values, trains with them, and the embedded network keeps its."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from typer.testing import CliRunner

from cad2real.errors import UserError
from cad2real.layout import Layout
from cad2real.params import load_params
from tests.train.methods.test_methods_adapt import BATCH, CLASSES, domains
from tests.train.networks.small_families import SMALL, cut_small
from train.cli import train_app
from train.loop.adaptation import Adaptation, adapt
from train.loop.checkpoint import Checkpoint
from train.model import Model, save_model
from train.networks import recipes
from train.networks.backbones import EMBEDDED_WEIGHTS, create_backbone
from train.networks.classifier import Classifier
from train.networks.families import FAMILIES
from train.networks.new_network import new_network
from train.networks.recipes import recipe_of, with_recipe
from train.params import AdaptParams, TrainParams
from train.stages import adapt as adapt_stage
from train.stages import probe
from train.stages.adapt import learning_rate_scale

FAMILY = {
    "resnet18": "cnn", "test_efficientnet": "cnn", "convnext_tiny": "convnext", "convnextv2_nano": "convnext",
    "convnext_tiny.dinov3_lvd1689m": "convnext", "vit_base_patch16_224": "vit", "deit_tiny_patch16_224": "vit",
    "deit_tiny_distilled_patch16_224": "vit", "beit_base_patch16_224": "vit", "eva02_tiny_patch14_224": "vit",
    "swin_tiny_patch4_window7_224": "swin", "swinv2_base_window12_192.ms_in22k": "swin",
    "vit_small_patch14_dinov2.lvd142m": "dino", "vit_base_patch14_reg4_dinov2.lvd142m": "dino",
    "vit_base_patch14_dinov2.lvd142m": "dino", "vit_small_patch16_dinov3.lvd1689m": "dino",
    "vit_base_patch16_clip_224.openai": "clip", "vit_base_patch16_siglip_224.v2_webli": "clip",
}  # fmt: skip
DINO = "vit_base_patch14_reg4_dinov2.lvd142m"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Networks of `SMALL` are tiny; nothing of them is remembered."""
    cut_small(monkeypatch)
    recipes._recipe_of.cache_clear()
    yield
    recipes._recipe_of.cache_clear()


@pytest.mark.parametrize("name", EMBEDDED_WEIGHTS)
def test_the_embedded_networks_keep_their_values(name: str) -> None:
    """To the bit: nothing that was trained by the defaults of before comes out otherwise."""
    params = TrainParams(backbone=name)
    assert with_recipe(params) == params
    assert (params.image_size, params.adapt.frozen_blocks, params.adapt.layer_decay) == (128, 3, 1.0)
    assert params.adapt.head_learning_rate == params.finetune.head_learning_rate == 2e-3
    assert recipe_of(name).pooling == "own" and recipe_of(name).family.paced


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", SMALL)
def test_a_network_is_known_by_its_kind(name: str) -> None:
    family = FAMILIES[FAMILY[name]]
    recipe, params = recipe_of(name), with_recipe(TrainParams(backbone=name))
    assert recipe.family is family
    assert (
        params.adapt.backbone_learning_rate == params.finetune.backbone_learning_rate == family.backbone_learning_rate
    )
    assert params.image_size % recipe.patch == 0 and params.image_size <= family.image_size
    assert params.finetune.frozen_blocks == 0 and params.adapt.frozen_blocks >= 1
    assert params.adapt.frozen_blocks == 1 or family.name == "cnn"
    assert recipe.pooling == family.pooling
    assert math.isclose(sum(recipe.block_sizes), 1.0)


def test_real_networks_get_the_sizes_that_they_were_made_for() -> None:
    sizes = {
        "swinv2_base_window12_192.ms_in22k": 192,
        "swinv2_tiny_window16_256": 256,
        "vit_small_patch14_dinov2.lvd142m": 224,
        "vit_base_patch16_siglip_384": 224,
        "resnet50": 128,
        "mixer_s32_224": 224,  # takes no other
    }
    assert {name: recipe_of(name).image_size for name in sizes} == sizes
    assert len(recipe_of("swinv2_base_window12_192.ms_in22k").block_sizes) >= 24  # blocks, not stages


def test_what_a_user_sets_stays(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(
        "train: {backbone: vit_base_patch16_224, image_size: 96, adapt: {layer_decay: 1.0, weight_decay: auto}}"
    )
    params = with_recipe(load_params(path).train)
    assert params.image_size == 96 and params.adapt.layer_decay == 1.0 and params.finetune.layer_decay == 0.75
    assert params.adapt.weight_decay == 0.05 and params.adapt.backbone_learning_rate == 2e-5
    assert with_recipe(params) == params
    path.write_text("train: {backbone: vit_base_patch16_224, recipe: dino}")
    assert with_recipe(load_params(path).train).adapt.layer_decay == 0.65
    path.write_text("train: {image_size: automatic, batch_size: auto}")
    with pytest.raises(UserError, match=r"2 wrong value.*\n.*image_size.*automatic.*\n.*batch_size"):
        load_params(path)


def test_patches_are_not_cut_in_two() -> None:
    with pytest.raises(UserError, match="patches of 14 px, and 128 px") as refused:
        with_recipe(TrainParams(backbone="vit_small_patch14_dinov2", image_size=128))
    assert "126 or 140" in str(refused.value.remedy) and "224" in str(refused.value.remedy)


def test_rates_shrink_for_the_networks_they_were_found_with_alone() -> None:
    knows_all = {"scores": {"source_accuracy": 1.0}}
    assert learning_rate_scale(knows_all, FAMILIES["cnn"]) == 0.1
    assert learning_rate_scale({"scores": {"source_accuracy": 0.0}}, FAMILIES["cnn"]) == 1.0
    assert all(learning_rate_scale(knows_all, FAMILIES[name]) == 1.0 for name in FAMILIES if name != "cnn")


def expected_feature(network: Any, tokens: Tensor, name: str) -> Tensor:
    """What the head of a network of this kind reads of its last layer, by hand."""
    if FAMILY[name] == "dino":
        first = 5 if "reg4" in name or "dinov3" in name else 1  # the class token, four registers
        return torch.cat([tokens[:, 0], tokens[:, first:].mean(1)], dim=1)
    if "siglip" in name:
        return network.attn_pool(tokens)  # type: ignore[no-any-return]
    if "distilled" in name:
        return tokens[:, :2].mean(1)
    if name.startswith(("beit", "eva02")):
        return network.fc_norm(tokens[:, 1:].mean(1))  # type: ignore[no-any-return]
    if FAMILY[name] in {"vit", "clip"}:
        return tokens[:, 0]
    if FAMILY[name] == "swin":
        return tokens.mean((1, 2))
    pooled = tokens.mean((2, 3))
    return network.head.norm(pooled[..., None, None]).flatten(1) if FAMILY[name] == "convnext" else pooled  # type: ignore[no-any-return]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", SMALL)
def test_the_head_reads_the_right_layer(name: str) -> None:
    torch.manual_seed(0)
    recipe = recipe_of(name)
    size = 56 if recipe.patch == 14 else 64
    network: Any = create_backbone(name, "random", size, recipe.pooling)
    images = torch.rand(2, 3, size, size)
    with torch.no_grad():
        torch.testing.assert_close(network(images), expected_feature(network, network.forward_features(images), name))


def trained(name: str, path: Path | None = None, stop: int = 2) -> Classifier:
    """Two epochs of a step by the recipe, the second with photos; killed after epoch `stop`."""
    torch.manual_seed(0)
    recipe = recipe_of(name)
    size = 56 if recipe.patch == 14 else 32
    stage = AdaptParams(methods={"cdan": 0.1, "prior_information": 1.0}, source_only_share=0.4)
    params = TrainParams(backbone=name, image_size=size, batch_size=BATCH, epochs=2, steps_per_epoch=1, adapt=stage)
    params = with_recipe(params)
    network = new_network(name, "random", CLASSES, size, recipe.pooling)
    before = [parameter.detach().clone() for parameter in network.backbone.parameters()]

    def on_epoch(epoch: int, averaged: Classifier, losses: dict[str, float]) -> None:
        assert all(math.isfinite(loss) for loss in losses.values())
        if epoch == stop:
            raise KeyboardInterrupt

    checkpoint = Checkpoint(path) if path else None
    adapt(Adaptation(network, *domains(), params), on_epoch, checkpoint)
    moved = [not torch.equal(old, new) for old, new in zip(before, network.backbone.parameters(), strict=True)]
    assert any(moved) and not moved[0]
    return network


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", SMALL)
def test_a_network_of_each_kind_trains_and_goes_on_when_killed(name: str, tmp_path: Path) -> None:
    whole = trained(name)
    with pytest.raises(KeyboardInterrupt):
        trained(name, tmp_path / "run.safetensors", stop=1)
    resumed = trained(name, tmp_path / "run.safetensors")
    assert all(
        torch.equal(a, b) for a, b in zip(whole.state_dict().values(), resumed.state_dict().values(), strict=True)
    )


@pytest.mark.usefixtures("small")
def test_a_model_keeps_its_pooling_on_disk(tmp_path: Path) -> None:
    network = new_network(DINO, "random", CLASSES, 56, recipe_of(DINO).pooling)
    assert network.head.in_features == 64
    description = {"classes": ["a", "b", "c"], "backbone": DINO, "image_size": 56, "rotations": 1, "parameters": {}}
    save_model(tmp_path / "model", network, {**description, "backbone": "vit_base_patch14_reg4_dinov2"})
    again = Model.load(tmp_path / "model").network
    images = torch.rand(2, 3, 56, 56)
    with torch.no_grad():
        assert torch.equal(network(images, "source")[0], again(images, "source")[0])
    told = tmp_path / "model" / "model.json"
    told.write_text(told.read_text().replace("token and patches", "own"))
    with pytest.raises(UserError, match="damaged or foreign model"):
        Model.load(tmp_path / "model")


@pytest.mark.usefixtures("small")
def test_the_stages_follow_the_recipe(project: Layout) -> None:
    """A frozen DINOv2, as its preset has it: the head alone moves, and no rate is paced."""
    stage = AdaptParams(
        methods={"prior_information": 1.0}, frozen_blocks=1000, fall_back=False, target_statistics="own"
    )
    params = TrainParams(backbone=DINO, weights="random", image_size=56, batch_size=6, epochs=2, steps_per_epoch=2)
    params = params.model_copy(update={"adapt": stage})
    probe.run(project, params)
    description = adapt_stage.run(project, params)
    before, after = (Model.load(project.models / name).network.state_dict() for name in ("probe", "adapt"))
    assert description["pace"] == 1.0 and description["parameters"]["adapt"]["head_learning_rate"] == 1e-4
    for name, value in before.items():
        assert torch.equal(value, after[name]) == (name not in {"head.weight", "head.bias"}) or name.startswith("norm.")


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", ["hf-hub:somebody/their-dino", DINO])
def test_weights_come_from_a_hub(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fake one: a folder that answers as the hub's client does."""
    torch.manual_seed(1)
    theirs = create_backbone(DINO, "random", 518)
    save_file(theirs.state_dict(), tmp_path / "model.safetensors")
    config = {"architecture": "vit_base_patch14_reg4_dinov2", "num_classes": 0, "num_features": 32}
    config |= {"pretrained_cfg": {"tag": "theirs", "input_size": [3, 518, 518], "num_classes": 0, "mean": [0.1] * 3}}
    config |= {"model_args": {"embed_dim": 32, "depth": 3, "num_heads": 2}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    asked: list[str] = []

    def download(repo_id: str, filename: str, **named: object) -> str:
        asked.append(f"{repo_id}/{filename}")
        if not (tmp_path / filename).is_file():
            from huggingface_hub.errors import EntryNotFoundError

            raise EntryNotFoundError(filename)
        return str(tmp_path / filename)

    monkeypatch.setattr("timm.models._hub.hf_hub_download", download)
    recipe = recipe_of(name)
    assert recipe.family.name == "dino" and recipe.pooling == "token and patches" and recipe.image_size == 224
    network: Any = create_backbone(name, "hub", 56, recipe.pooling)
    assert torch.equal(network.blocks[0].attn.qkv.weight, theirs.blocks[0].attn.qkv.weight)  # type: ignore[index, union-attr]
    assert network(torch.rand(1, 3, 56, 56)).shape == (1, 64)
    assert any(step.endswith("model.safetensors") for step in asked)
    assert (recipe.mean[0] == 0.1) == name.startswith("hf-hub:")


def test_the_command_shows_families_and_networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = CliRunner()
    everything = run.invoke(train_app, ["recipes"])
    assert everything.exit_code == 0
    assert all(f"{name}: {family.networks}" in everything.output for name, family in FAMILIES.items())
    (tmp_path / "params.yaml").write_text("train: {adapt: {layer_decay: 0.9}}")
    one = run.invoke(train_app, ["recipes", "--backbone", "vit_small_patch14_dinov2.lvd142m"])
    lines = {line.split()[0]: line for line in one.output.splitlines()}
    assert "0.9" in lines["adapt.layer_decay"] and lines["adapt.layer_decay"].endswith("params.yaml")
    assert "224 px" in lines["image_size"] and "1 of 13" in lines["adapt.frozen_blocks"]
    assert isinstance(run.invoke(train_app, ["recipes", "--backbone", "no_such"]).exception, UserError)
