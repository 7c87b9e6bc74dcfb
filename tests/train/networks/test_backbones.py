"""Pretrained networks: weights without a network, and pictures of any size."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_sample_image

from cad2real.errors import UserError
from train.networks.backbones import EMBEDDED_WEIGHTS, create_backbone

PALACE = 698  # of ImageNet's 1,000 classes


@pytest.mark.parametrize("name", EMBEDDED_WEIGHTS)
def test_embedded_weights_know_a_palace(name: str) -> None:
    """With the classifier of the package behind it, which is not used otherwise."""
    package, finder = EMBEDDED_WEIGHTS[name]
    path = getattr(importlib.import_module(package), finder)().get_model_file_path()
    state = torch.load(path, map_location="cpu", weights_only=True)
    photo = Image.fromarray(load_sample_image("china.jpg")).crop((100, 0, 527, 427)).resize((224, 224))
    pixels = torch.from_numpy(np.asarray(photo) / 127.5 - 1).permute(2, 0, 1).float()
    with torch.no_grad():
        feature = create_backbone(name, "embedded", 224)(pixels[None])
    assert int((feature @ state["_fc.weight"].T + state["_fc.bias"]).argmax()) == PALACE


@pytest.mark.parametrize("name", ["test_vit", "swinv2_cr_tiny_ns_224", "swinv2_tiny_window8_256", "test_efficientnet"])
@pytest.mark.parametrize("size", [128, 192])
def test_a_network_takes_the_size_that_params_ask_for(name: str, size: int) -> None:
    backbone = create_backbone(name, "random", size)
    assert backbone(torch.rand(2, 3, size, size)).shape[0] == 2


@pytest.mark.parametrize(("name", "remedy"), [("resnet18.foo", "resnet18"), ("hf-hub:nobody/nothing", "network")])
def test_a_network_that_timm_cannot_build_is_refused(name: str, remedy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*seen: object, **named: object) -> None:
        raise ConnectionError("no way to the hub")

    if name.startswith("hf-hub:"):
        monkeypatch.setattr("timm.create_model", unreachable)
    with pytest.raises(UserError, match=f"train.backbone: timm cannot build {name}") as refused:
        create_backbone(name, "random", 64)
    assert remedy in str(refused.value.remedy)


def test_a_size_that_does_not_fit_is_refused() -> None:
    with pytest.raises(UserError, match=r"train.image_size: mixer_s32_224 .* 128 px") as refused:
        create_backbone("mixer_s32_224", "random", 128)
    assert "224" in str(refused.value.remedy)


def test_a_model_of_another_size_is_made_again_as_it_was() -> None:
    """Weights of a transformer for 128 px fit the network that is made for 128 px, positions and all."""
    state = create_backbone("test_vit", "random", 128).state_dict()
    create_backbone("test_vit", "random", 128).load_state_dict(state)
    with pytest.raises(RuntimeError, match="pos_embed"):
        create_backbone("test_vit", "random", 192).load_state_dict(state)
