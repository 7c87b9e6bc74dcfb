"""Models of strangers answer with numbers, or are refused in one line before they cost memory or a connection."""

from __future__ import annotations

import json
import math
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import save_file as save_arrays
from safetensors.torch import load_file, save_file

from cad2real.errors import UserError
from train.model import DESCRIPTION, PRIOR, WEIGHTS, Model, save_model
from train.networks.new_network import new_network


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model in its folder, in a world without a network."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("asks the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    description = {"classes": ["bolt", "nut"], "backbone": "test_efficientnet", "image_size": 32, "rotations": 1}
    save_model(tmp_path / "model", new_network("test_efficientnet", "random", 2, 32), description)
    return tmp_path / "model"


def describe(folder: Path, **changes: Any) -> None:
    path = folder / DESCRIPTION
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def refused(folder: Path) -> str:
    with pytest.raises(UserError) as caught:
        Model.load(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_good_one_loads(folder: Path) -> None:
    grey = Image.new("RGB", (40, 30), "grey")
    assert sum(share for _, share in Model.load(folder).predict(grey)) == pytest.approx(1)


def test_one_of_an_earlier_version_loads(folder: Path) -> None:
    """Its description had neither the network's own name nor its colours."""
    path = folder / DESCRIPTION
    old = {
        key: value for key, value in json.loads(path.read_text()).items() if key not in {"architecture", "mean", "std"}
    }
    path.write_text(json.dumps(old | {"scores": {"bnm": math.nan}, "unknown_below": None}))
    assert Model.load(folder).classes == ("bolt", "nut")


def test_one_with_the_statistics_of_before_answers_as_it_did(folder: Path) -> None:
    """Where today the classes' means stand, their shares stood."""
    grey = Image.new("RGB", (40, 30), "grey")
    answers, weights = Model.load(folder).predict(grey), load_file(folder / WEIGHTS)
    del weights["norm.class_means"]
    save_file(weights | {"norm.share": torch.full((2,), 0.5)}, folder / WEIGHTS)
    assert Model.load(folder).predict(grey) == answers


def test_one_that_was_trained_from_the_hub_is_built_without_it(folder: Path) -> None:
    describe(folder, backbone="hf-hub:somebody/network")
    assert Model.load(folder).classes == ("bolt", "nut")


@pytest.mark.parametrize("scheme", ["hf-hub:somebody/network", "hf_hub:a/b", "local-dir:/tmp", "https://x.y/z", "../x"])
@pytest.mark.parametrize("key", ["architecture", "backbone"])
def test_nothing_asks_a_hub(folder: Path, scheme: str, key: str) -> None:
    describe(folder, **({"architecture": None} | {key: scheme}))
    assert "hub" in refused(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"std": [0, 0.5, 0.5]},
        {"std": [-1, 0.5, 0.5]},
        {"std": [math.nan, 0.5, 0.5]},
        {"std": [1e-300, 0.5, 0.5]},
        {"mean": [math.inf, 0.5, 0.5]},
        {"mean": [0.5]},
        {"image_size": 4096},
        {"image_size": 0},
        {"image_size": "32"},
        {"rotations": 3},
        {"classes": []},
        {"classes": ["bolt", "bolt"]},
        {"classes": ["bolt", 3]},
        {"classes": [str(number) for number in range(1_000_000)]},
        {"unknown_below": 2.0},
        {"unknown_below": math.nan},
        {"unknown_below": "0.5"},
        {"temperature": 0.0},
        {"temperature": math.inf},
        {"temperature": "1"},
        {"architecture": "vit_7b_patch16_dinov3"},
        {"architecture": "no_such_network"},
    ],
)
def test_what_does_not_fit_is_refused(folder: Path, changes: dict[str, Any]) -> None:
    describe(folder, **changes)
    assert refused(folder)


def test_a_large_network_is_refused_before_it_takes_memory(folder: Path) -> None:
    describe(folder, architecture="vit_7b_patch16_dinov3")  # 27 GB
    assert "far too few" in refused(folder)


@pytest.mark.parametrize("text", ["", "[", "[" * 300_000, "{}", "null", '{"classes": ' + "1" * 5000 + "}"])
def test_a_description_that_is_none_is_one_line(folder: Path, text: str) -> None:
    (folder / DESCRIPTION).write_text(text)
    assert "damaged or foreign" in refused(folder)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["head.weight", "norm.target.running_var", "backbone.conv_stem.weight"])
def test_weights_that_are_no_numbers_are_refused(folder: Path, name: str, value: float) -> None:
    weights = load_file(folder / WEIGHTS)
    weights[name].view(-1)[0] = value
    save_file(weights, folder / WEIGHTS)
    assert "not finite" in refused(folder)


@pytest.mark.parametrize(("name", "value"), [("norm.target.running_var", -1.0), ("backbone.conv_stem.weight", 3e38)])
def test_weights_that_give_no_numbers_are_refused(folder: Path, name: str, value: float) -> None:
    weights = load_file(folder / WEIGHTS)
    weights[name].fill_(value)
    save_file(weights, folder / WEIGHTS)
    assert "no number" in refused(folder)


def test_a_model_that_fails_on_a_single_photo_says_so(folder: Path) -> None:
    weights = load_file(folder / WEIGHTS)
    weights["head.weight"][0].fill_(3e38)
    weights["head.weight"][1].fill_(-3e38)
    save_file(weights, folder / WEIGHTS)
    model = Model.load(folder)
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (32, 32, 3), np.uint8))
    model.network.norm.target.running_var.fill_(1e-20)  # type: ignore[union-attr]
    with pytest.raises(UserError, match="no number"):
        model.predict(noise)


@pytest.mark.parametrize(
    "change",
    [
        {"labels": np.array([0, 7])},
        {"labels": np.array([0, -1])},
        {"extents": np.full((2, 2), np.nan)},
        {"extents": np.zeros((3, 2))},
        {"shares": np.array([0.0, 1.0])},
        {"factor_spread_distance": np.array([np.nan, 0.1, np.nan])},
        {"factor_spread_distance": np.array([0.0, 0.0, np.nan])},
        {"factor_spread_distance": np.array([0.0])},
    ],
)
def test_sizes_that_are_none_are_refused(folder: Path, change: dict[str, Any]) -> None:
    sizes = {
        "extents": np.zeros((2, 2)),
        "labels": np.array([0, 1]),
        "shares": np.array([0.5, 0.5]),
        "factor_spread_distance": np.array([0.0, 0.1, np.nan]),
    }
    save_arrays(sizes, folder / PRIOR)
    assert Model.load(folder).knows_scale
    save_arrays(sizes | change, folder / PRIOR)
    assert refused(folder)
