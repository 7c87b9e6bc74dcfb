"""The training stages on a small project: what they write, what they refuse, and that target labels never leak in."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from cad2real.errors import UserError
from cad2real.layout import Layout
from tests.train import conftest
from tests.train.conftest import CLASSES, write_renders, write_squares
from train.measures.domain_gap import GAPS
from train.model import Model
from train.params import AdaptParams, ProbeParams, TrainParams
from train.selection.choice import START
from train.stages import adapt, adapt_epochs, evaluate, probe, several_seeds

SMALL = conftest.SMALL.model_copy(
    update={
        "steps_per_epoch": 3,
        "probe": ProbeParams(draws=2),
        "adapt": AdaptParams(source_only_share=0.3, fall_back=False),
    }
)


def train_both(layout: Layout, params: TrainParams = SMALL) -> None:
    torch.manual_seed(0)  # the random backbone is drawn here
    probe.run(layout, params)
    adapt.run(layout, params)


def weights(layout: Layout, stage: str) -> bytes:
    return (layout.models / stage / "model.safetensors").read_bytes()


def test_chain_writes_models_and_figures(project: Layout) -> None:
    train_both(project)
    evaluation = evaluate.run(project)
    assert evaluation["classes"] == list(CLASSES)
    assert evaluation["photos"] == 6
    for name in ("source_only", "adapted"):
        assert 0 <= evaluation[name]["accuracy"] <= 1
        assert sum(map(sum, evaluation[name]["confusion"])) == 6
        assert {row["label"] for row in evaluation[name]["predictions"]} == set(CLASSES)
        assert 0 <= evaluation[name]["calibration"]["ece"] <= 1 and evaluation[name]["top5_accuracy"] == 1
    metrics = json.loads((project.reports / "metrics.json").read_text())
    assert {"adapted_macro_f1", "source_only_ece", "adapted_ece_scaled", "adapted_temperature"} <= set(metrics)
    gap = json.loads((project.reports / "gap.json").read_text())
    assert (gap["renders"], gap["photos"]) == (24, 6) and set(gap["adapted"]) == set(GAPS)
    assert len(gap["map"]["renders"]) == 24 and len(gap["map"]["photos"]) == 6
    assert metrics["adapted_accuracy"] == pytest.approx(evaluation["adapted"]["accuracy"], abs=1e-4)
    description = json.loads((project.models / "adapt" / "model.json").read_text())
    assert description["chosen"] in [candidate["name"] for candidate in description["candidates"]]
    assert description["seed"] == SMALL.seed


def test_same_seed_same_weights_and_labels_of_photos_change_nothing(project: Layout, tmp_path_factory) -> None:
    train_both(project)
    again = Layout(tmp_path_factory.mktemp("again"))
    write_renders(again.renders)
    write_squares(again.squares)
    manifest = again.squares / "photos.csv"
    manifest.write_text(manifest.read_text().replace("ring", "bar").replace("disc", ""))  # wrong and missing labels
    train_both(again)
    assert weights(project, "probe") == weights(again, "probe")
    assert weights(project, "adapt") == weights(again, "adapt")


def test_model_predicts_and_embeds(project: Layout) -> None:
    train_both(project)
    model = Model.load(project.models / "adapt")
    photo = Image.open(project.squares / "00000.jpg")
    (((label, probability), *rest),) = model.predict([photo])
    assert label in CLASSES and len(rest) == 2
    assert probability >= rest[0][1] >= rest[1][1]
    photos = model.embed([photo])
    renders = model.embed_files(sorted(project.renders.glob("*/*.png"))[:4], "renders")
    assert photos.shape[1] == renders.shape[1] and len(renders) == 4
    assert np.allclose(np.linalg.norm(renders, axis=1), 1, atol=1e-5)
    assert model.predict([]) == []


def test_without_photos_all_layers_are_trained_on_renders_and_it_says_why(tmp_path, capsys) -> None:
    layout = Layout(tmp_path)
    write_renders(layout.renders)
    write_squares(layout.squares, labels=())
    train_both(layout)
    assert "no photos" in capsys.readouterr().err
    assert "no photos" in json.loads((layout.models / "adapt" / "model.json").read_text())["reason"]
    assert "reason" in evaluate.run(layout)
    assert "reason" in json.loads((layout.reports / "gap.json").read_text())
    model = Model.load(layout.models / "adapt")
    assert model.classes == CLASSES and model.description["method"] == "fine-tuned on renders from probe"
    assert model.description["adapted"] is False and model.description["temperature"] > 0
    first, last = (load_file(layout.models / stage / "model.safetensors") for stage in ("probe", "adapt"))
    assert not torch.equal(first["backbone.conv_stem.weight"], last["backbone.conv_stem.weight"])
    assert torch.equal(last["norm.source.running_mean"], last["norm.target.running_mean"])
    assert not list(layout.cache.glob("finetune-*")) and not (layout.models / "finetune").exists()


def test_where_no_checkpoint_looks_better_the_network_stays_as_it_began(project: Layout, capsys, monkeypatch) -> None:
    monkeypatch.setattr(several_seeds, "choose", lambda *asked: 0)
    monkeypatch.setattr(adapt_epochs, "still_eligible", lambda *asked, **rule: {0})
    train_both(project)
    assert "looks better" in capsys.readouterr().err
    began, kept = (load_file(project.models / stage / "model.safetensors") for stage in ("probe", "adapt"))
    statistics = {name for name in began if name.startswith("norm.")}  # those of the photos are theirs
    assert all(torch.equal(began[name], kept[name]) for name in set(began) - statistics)
    description = json.loads((project.models / "adapt" / "model.json").read_text())
    assert (description["adapted"], description["chosen"]) == (False, START)
    assert [candidate["name"] for candidate in description["candidates"]] == [START, "epoch 1", "epoch 2"]
    judged = evaluate.run(project)["selection"]
    assert [row["name"] for row in judged["candidates"]] == [START, "epoch 1", "epoch 2"]


def test_photos_of_a_class_without_cad_are_listed_and_not_scored(tmp_path) -> None:
    layout = Layout(tmp_path)
    write_renders(layout.renders, classes=("bar", "disc"))
    write_squares(layout.squares)
    train_both(layout)
    evaluation = evaluate.run(layout)
    assert evaluation["classes_without_cad"] == {"ring": 2}
    assert evaluation["photos"] == 4


def test_models_of_another_version_can_be_scored(project: Layout) -> None:
    train_both(project)
    for stage in ("probe", "adapt"):
        path = project.models / stage / "model.json"
        said = json.loads(path.read_text())
        said["parameters"]["adapt"] = {"a_key_that_is_gone": 1}
        path.write_text(json.dumps(said))
    assert "calibration" in evaluate.run(project)["adapted"]


def test_two_classes_are_enough_and_one_is_refused(tmp_path) -> None:
    layout = Layout(tmp_path)
    write_renders(layout.renders, classes=("bar",))
    write_squares(layout.squares)
    with pytest.raises(UserError, match="one class"):
        probe.run(layout, SMALL)


def test_missing_stages_are_named(tmp_path) -> None:
    layout = Layout(tmp_path)
    with pytest.raises(UserError, match="cad2real render"):
        probe.run(layout, SMALL)
    write_renders(layout.renders)
    write_squares(layout.squares)
    with pytest.raises(UserError, match="Run `cad2real run`"):
        adapt.run(layout, SMALL)


def test_probe_of_other_classes_is_refused(project: Layout) -> None:
    torch.manual_seed(0)
    probe.run(project, SMALL)
    (project.renders / "disc_part" / "part.json").unlink()
    with pytest.raises(UserError, match="other classes"):
        adapt.run(project, SMALL)


def test_a_damaged_model_is_refused_without_a_traceback(project: Layout) -> None:
    torch.manual_seed(0)
    probe.run(project, SMALL)
    path = project.models / "probe" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(UserError, match="damaged"):
        Model.load(project.models / "probe")


@pytest.mark.parametrize(
    "change",
    [
        b"\xff\xfe",
        b"[]",
        {"classes": None},
        {"classes": []},
        {"image_size": "big"},
        {"rotations": 3},
        {"rotations": None},
        {"backbone": "nonsense"},
    ],
)
def test_a_damaged_description_is_refused_without_a_traceback(project: Layout, change: bytes | dict) -> None:
    torch.manual_seed(0)
    probe.run(project, SMALL)
    path = project.models / "probe" / "model.json"
    known = json.loads(path.read_text())
    path.write_bytes(
        change if isinstance(change, bytes) else json.dumps(known | {"architecture": None} | change).encode()
    )
    with pytest.raises(UserError, match=r"damaged or foreign model|nonsense"):
        Model.load(project.models / "probe")


def test_a_model_from_the_hub_is_built_again_without_it(project: Layout) -> None:
    """With the colours that it expects, whatever timm knows of them then."""
    torch.manual_seed(0)
    probe.run(project, SMALL)
    photo = Image.new("RGB", (40, 30), (200, 30, 30))
    before = Model.load(project.models / "probe").predict(photo)
    path = project.models / "probe" / "model.json"
    known = json.loads(path.read_text())
    assert known["architecture"] == SMALL.backbone
    path.write_text(json.dumps(known | {"backbone": "hf-hub:somebody/network"}))
    assert Model.load(project.models / "probe").predict(photo) == before
    path.write_text(json.dumps(known | {"mean": [0.1, 0.1, 0.1]}))
    assert Model.load(project.models / "probe").predict(photo) != before


def test_predict_says_what_it_takes(project: Layout) -> None:
    torch.manual_seed(0)
    probe.run(project, SMALL)
    model = Model.load(project.models / "probe")
    for wrong in ("photo.jpg", Path("photo.jpg"), ["photo.jpg"], np.zeros((40, 30, 3), dtype=np.uint8)):
        with pytest.raises(UserError, match="no paths or arrays"):
            model.predict(wrong)
    with pytest.raises(UserError, match="top=0"):
        model.predict(Image.new("RGB", (40, 30)), top=0)


@pytest.mark.parametrize("damage", [b"not an array", b"", b"PK\x03\x04", b"\x93NUMPY"])
def test_a_damaged_cache_is_made_again(project: Layout, damage: bytes) -> None:
    torch.manual_seed(0)
    probe.run(project, SMALL)
    first = weights(project, "probe")
    for stored in project.cache.glob("*.npy"):
        stored.write_bytes(damage)
    torch.manual_seed(0)
    probe.run(project, SMALL)
    assert weights(project, "probe") == first


def test_one_photo_is_too_few(tmp_path, capsys) -> None:
    layout = Layout(tmp_path)
    write_renders(layout.renders)
    write_squares(layout.squares, photos=1)
    train_both(layout)
    assert "too few" in capsys.readouterr().err
