"""A model as an ONNX file, the same in torch: embeddings and probabilities equal to 1e-4, for batches of any size.

Were they apart, the page and `cad2real search` would answer otherwise than `cad2real predict` and the report.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import onnx
import pytest
from typer.testing import CliRunner

import cad2real.cli
import train.classifier_onnx
from cad2real.errors import UserError
from search.model.photo_network import ABOUT, PhotoNetwork
from tests.congruence.small_model import DESCRIPTION, SIZE, photos, small_network
from train.classifier_onnx import classifier_onnx
from train.model import Model, save_model
from train.networks.new_network import new_network


@pytest.fixture
def saved(tmp_path: Path) -> Model:
    save_model(tmp_path / "model", small_network(), DESCRIPTION | {"temperature": 1.5})
    return Model.load(tmp_path / "model")


@pytest.mark.parametrize("count", [0, 1, 2, 70], ids=["none", "one", "two", "more than a batch"])
def test_the_same_answers(saved: Model, tmp_path: Path, count: int) -> None:
    (tmp_path / "network.onnx").write_bytes(classifier_onnx(saved))
    network = PhotoNetwork.load(tmp_path / "network.onnx")
    assert (network.key, network.classes) == (saved.key, saved.classes)
    pictures = (photos(8) * 9)[:count]
    for ours, theirs in zip(network.embed_and_classify(pictures), saved.embed_and_classify(pictures), strict=True):
        assert ours.shape == theirs.shape and ours.dtype == theirs.dtype
        assert ours == pytest.approx(theirs, abs=1e-4)


@pytest.mark.parametrize("rotations", [1, 2])
@pytest.mark.parametrize("backbone", ["test_vit", "test_resnet", "mobilenetv3_small_050"])
def test_other_networks(backbone: str, rotations: int, tmp_path: Path) -> None:
    said = DESCRIPTION | {"backbone": backbone, "rotations": rotations, "image_size": 160}
    model = Model(new_network(backbone, "random", len(DESCRIPTION["classes"]), 160), said, "key")
    (tmp_path / "network.onnx").write_bytes(classifier_onnx(model))  # compares both itself
    network = PhotoNetwork.load(tmp_path / "network.onnx")
    assert network.embed_and_classify(photos(5))[0] == pytest.approx(model.embed(photos(5)), abs=1e-4)


def test_a_file_that_answers_otherwise_is_not_written(saved: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train.classifier_onnx, "FARTHEST", -1.0)
    with pytest.raises(UserError, match="answers otherwise"):
        classifier_onnx(saved)


def test_the_command_writes_one_file_that_says_which_model_it_is(
    saved: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cad2real.cli.app, ["export", "onnx", "--model", "model", "--out", "out/parts.onnx"])
    assert result.exit_code == 0, result.exception
    assert [path.name for path in Path("out").iterdir()] == ["parts.onnx"]
    said = {entry.key: entry.value for entry in onnx.load("out/parts.onnx").metadata_props}
    about = json.loads(said[ABOUT])
    assert about["model_key"] == saved.key and about["classes"] == list(saved.classes)
    assert (about["image_size"], about["temperature"]) == (SIZE, 1.5)
    assert CliRunner().invoke(cad2real.cli.app, ["export", "onnx", "--model", "gone"]).exception is not None
    assert not Path("model.onnx").exists()
    missing = CliRunner().invoke(cad2real.cli.app, ["export"]).exception
    assert isinstance(missing, UserError) and "--out" in str(missing)


def test_files_that_are_no_exported_model_are_refused(saved: Model, tmp_path: Path) -> None:
    path = tmp_path / "network.onnx"
    with pytest.raises(UserError, match=r"There is no .*network.onnx"):
        PhotoNetwork.load(path)
    whole = classifier_onnx(saved)
    bare = onnx.load_from_string(whole)
    del bare.metadata_props[:]
    lying = onnx.load_from_string(whole)
    about = json.loads(lying.metadata_props[0].value)
    lying.metadata_props[0].value = json.dumps(about | {"classes": ["only one"]})
    huge = onnx.load_from_string(whole)
    huge.metadata_props[0].value = json.dumps(about | {"image_size": 10**9})
    for content in (b"", b"text", whole[:-1000], *(one.SerializeToString() for one in (bare, lying, huge))):
        path.write_bytes(content)
        with pytest.raises(UserError, match="damaged or no exported model"):
            PhotoNetwork.load(path)


def test_asking_about_photos_imports_no_torch() -> None:
    names = "search.query, search.model.photo_network, search.cli, photos.finder.finder"
    code = f"import sys, {names}; print(sorted({{'torch', 'timm', 'torchvision'}} & set(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"
