"""Photos whose labels train: they and nothing else reach the weights, and they never score."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch

from cad2real.errors import UserError
from cad2real.layout import Layout
from tests.train import conftest
from tests.train.conftest import write_renders, write_squares
from train.data.datasets import read_target, target_labels
from train.model import Model
from train.params import AdaptParams, ProbeParams, TrainParams
from train.stages import adapt, evaluate, finetune, probe

SMALL = conftest.SMALL.model_copy(
    update={
        "steps_per_epoch": 3,
        "probe": ProbeParams(draws=2),
        "adapt": AdaptParams(source_only_share=0.3, fall_back=False),
    }
)
LEARNING = SMALL.model_copy(update={"labels": "csv"})
KNOWN = {"00000.jpg": "bar", "00001.jpg": "disc"}


@pytest.fixture
def shop(tmp_path: Path) -> Layout:
    return made(tmp_path / "shop")


def made(root: Path, known: Mapping[str, str] = KNOWN) -> Layout:
    layout = Layout(root)
    write_renders(layout.renders)
    write_squares(layout.squares)
    divide(layout, known)
    return layout


def divide(layout: Layout, known: Mapping[str, str], mode: str = "csv", feedback: bool = False) -> None:
    """What the photos room writes where the labels of `known` train."""
    entries = [{"square": name, "label": label, "picture": f"picture {name}"} for name, label in known.items()]
    content = {"labels": mode, "feedback": feedback, "photos": entries, "withheld": dict(known)}
    (layout.squares / "labels.json").write_text(json.dumps(content))
    manifest = layout.squares / "photos.csv"
    rows = [row.split(",") for row in manifest.read_text().split()]
    manifest.write_text("\n".join(",".join([a, b, "" if a in known else c]) for a, b, c in rows) + "\n")
    prints = {row[1]: {"picture": f"picture {row[0]}"} for row in rows[1:]}
    (layout.squares / "duplicates.json").write_text(json.dumps({"prints": prints}))


def train(layout: Layout, params: TrainParams) -> tuple[bytes, bytes]:
    torch.manual_seed(0)
    probe.run(layout, params)
    adapt.run(layout, params)
    return weights(layout, "probe"), weights(layout, "adapt")


def weights(layout: Layout, stage: str) -> bytes:
    return (layout.models / stage / "model.safetensors").read_bytes()


def test_labels_train_where_that_is_asked_for_and_nowhere_else(shop: Layout, tmp_path: Path) -> None:
    plain = Layout(tmp_path / "plain")
    write_renders(plain.renders)
    write_squares(plain.squares)
    before = train(plain, SMALL)
    assert train(shop, SMALL) == before  # labels.json lies there and is not looked at
    after = train(shop, LEARNING)
    assert after[0] != before[0] and after[1] != before[1]
    other = made(tmp_path / "other", {"00000.jpg": "disc", "00001.jpg": "bar"})
    assert train(other, LEARNING) != after


def test_labels_that_score_change_nothing_while_others_train(shop: Layout, tmp_path: Path) -> None:
    again = made(tmp_path / "again")
    manifest = again.squares / "photos.csv"
    manifest.write_text(manifest.read_text().replace("ring", "bar").replace("disc", ""))
    assert train(shop, LEARNING) == train(again, LEARNING)


def test_photos_whose_labels_train_never_score_not_even_when_labels_are_divided_anew(shop: Layout) -> None:
    train(shop, LEARNING)
    evaluation = evaluate.run(shop)
    assert (evaluation["photos"], evaluation["labelled_photos"], evaluation["unlabelled_photos"]) == (4, 2, 0)
    scored = {guess["square"] for guess in evaluation["adapted"]["predictions"]}
    assert not scored & set(KNOWN) and evaluation["selection"]["photos"] == 4
    shutil.rmtree(shop.squares)
    write_squares(shop.squares)
    divide(shop, {}, "none")
    assert len(target_labels(shop.squares)) == 6
    assert evaluate.run(shop)["photos"] == 4
    assert Model.load(shop.models / "adapt").learned == {"picture 00000.jpg", "picture 00001.jpg"}


def test_where_all_labels_train_nothing_is_scored_and_it_says_why(tmp_path: Path) -> None:
    layout = made(tmp_path, {f"0000{n}.jpg": label for n, label in enumerate(("bar", "disc", "ring") * 2)})
    train(layout, LEARNING)
    assert "do not score" in evaluate.run(layout)["reason"]


def test_squares_that_were_made_with_other_labels_are_refused(shop: Layout) -> None:
    with pytest.raises(UserError, match=r"labels: csv.*cad2real photos"):
        probe.run(shop, SMALL.model_copy(update={"labels": "folders"}))
    with pytest.raises(UserError, match="feedback: false"):
        probe.run(shop, SMALL.model_copy(update={"feedback": True, "labels": "csv"}))
    (shop.squares / "labels.json").unlink()
    with pytest.raises(UserError, match="does not exist"):
        probe.run(shop, LEARNING)
    for broken in ('{"labels": "csv", "feedback": false, "photos": [1]}', "{", '{"labels": "csv"}'):
        (shop.squares / "labels.json").write_text(broken)
        with pytest.raises(UserError, match="damaged"):
            probe.run(shop, LEARNING)
    entry = {"square": "../secret.jpg", "label": "bar", "picture": ""}
    (shop.squares / "labels.json").write_text(json.dumps({"labels": "csv", "feedback": False, "photos": [entry]}))
    with pytest.raises(UserError, match="not a file beside it"):
        probe.run(shop, LEARNING)


def test_labels_that_no_part_has_are_left_out_and_said(shop: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    divide(shop, {"00000.jpg": "bar", "00003.jpg": "spring"})
    probe.run(shop, LEARNING)
    said = capsys.readouterr().err
    assert "labels of 1 photos train" in said and "1 of 'spring'" in said
    divide(shop, {"00003.jpg": "spring"})
    probe.run(shop, LEARNING)
    assert Model.load(shop.models / "probe").learned == frozenset()


def test_fine_tuning_learns_from_labelled_photos_too(shop: Layout) -> None:
    probe.run(shop, SMALL)
    finetune.run(shop, SMALL)
    before = weights(shop, "finetune")
    description = finetune.run(shop, LEARNING)
    assert weights(shop, "finetune") != before
    assert description["labelled_photos"] == 2 and description["scores"]["loss_source"] > 0
    assert Model.load(shop.models / "finetune").learned == {"picture 00000.jpg", "picture 00001.jpg"}


def test_a_head_learns_a_look_that_no_render_has(tmp_path: Path) -> None:
    """Frozen features, photos under another light: with a label for half of them the head names the others better."""
    names = {f"{number:05d}.jpg": ("bar", "disc", "ring")[number % 3] for number in range(30)}
    few = TrainParams(weights="embedded", image_size=32, batch_size=8, probe=ProbeParams(draws=2))
    accuracies = []
    for number, known in enumerate(({}, {name: names[name] for name in list(names)[:15]})):
        layout = Layout(tmp_path / str(number))
        write_renders(layout.renders, size=32)
        write_squares(layout.squares, photos=30, size=32)
        divide(layout, known)
        probe.run(layout, few.model_copy(update={"labels": "csv"}))
        model = Model.load(layout.models / "probe")
        target = read_target(layout.squares, 32, None)
        rows = [row for row, square in enumerate(target.squares) if int(square[:5]) >= 15]
        guesses = model.probabilities(target.images[rows]).argmax(axis=1)
        truth = [model.classes.index(names[target.squares[row]]) for row in rows]
        accuracies.append(float((guesses == truth).mean()))
    assert accuracies[1] > accuracies[0]
