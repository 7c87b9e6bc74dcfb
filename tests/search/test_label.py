"""`cad2real label`: which photos to name next, and the names back into the table of labels that train."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner, Result

import cad2real.cli
from cad2real.layout import Layout
from photos.boxes import read_boxes
from photos.stage import Training, make_squares
from tests.train.conftest import SMALL, write_renders
from train.stages import probe
from train.stages.suggest import unsure_and_varied


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of three parts with a trained head and twelve photos, one of which shows two boxes."""
    root = tmp_path_factory.mktemp("shop")
    layout = Layout(root)
    write_renders(layout.renders)
    (layout.data / "photos").mkdir()
    rng = np.random.default_rng(0)
    for number in range(12):
        small = Image.fromarray(rng.integers(0, 255, (6, 8, 3), np.uint8))
        small.resize((160, 120), Image.Resampling.BICUBIC).save(layout.data / "photos" / f"p{number}.jpg")
    rows = "p0.jpg,,10,10,60,60\np0.jpg,,90,20,150,80\n"
    (layout.data / "photos" / "boxes.csv").write_text("image,label,x_min,y_min,x_max,y_max\n" + rows)
    (root / "params.yaml").write_text("train: {backbone: test_efficientnet, weights: random, image_size: 32}\n")
    torch.manual_seed(0)
    cut(layout)
    probe.run(layout, SMALL)
    return root


@pytest.fixture
def shop(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    shutil.copytree(made, tmp_path / "shop")
    monkeypatch.chdir(tmp_path / "shop")
    return Layout()


def cut(layout: Layout, labels: Literal["none", "csv"] = "none") -> None:
    photos = layout.data / "photos"
    make_squares(photos, photos / "boxes.csv", "shift", 48, layout.squares, training=Training(labels))


def call(*words: str) -> Result:
    return CliRunner().invoke(cad2real.cli.app, ["label", *words])


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def labels(layout: Layout) -> dict[tuple[str, str], str]:
    rows = read_boxes(layout.data / "photos" / "training_labels.csv")
    return {(row.image, f"{row.box.x_min:g}" if row.box else ""): row.label or "" for row in rows}


def test_pictures_are_sorted_and_read_back(shop: Layout) -> None:
    said = call("--suggest", "5")
    assert said.exit_code == 0 and "5 pictures in to_label" in said.stdout
    folder = Path("to_label")
    pictures = sorted(folder.glob("*.jpg"))
    assert len(pictures) == 5 and {path.name for path in folder.iterdir() if path.is_dir()} == {"bar", "disc", "ring"}
    asked = {row["picture"]: row for row in table(folder / "suggestions.csv")}
    assert set(asked) == {path.name for path in pictures} and {row["label"] for row in asked.values()} == {""}
    pictures[0].rename(folder / "bar" / pictures[0].name)
    pictures[1].rename(folder / "ring" / pictures[1].name)
    text = (folder / "suggestions.csv").read_text()
    (folder / "suggestions.csv").write_text(text.replace(f"{pictures[2].name},", f"{pictures[2].name},disc", 1))
    back = call("to_label")
    assert back.exit_code == 0 and "3 labels read, 3 in all; 2 pictures without an answer" in back.stdout
    assert "set train.labels to csv" in back.stdout
    wanted = {(asked[one.name]["image"], asked[one.name]["x_min"]) for one in pictures[:3]}
    assert set(labels(shop)) == wanted and sorted(labels(shop).values()) == ["bar", "disc", "ring"]
    cut(shop, "csv")
    again = call("--suggest", "50", "--out", "more")
    assert "no more than" in again.stderr
    assert not {(row["image"], row["x_min"]) for row in table(Path("more/suggestions.csv"))} & wanted


def test_labels_of_before_stay_and_a_new_answer_takes_the_place_of_an_old_one(shop: Layout) -> None:
    own = shop.data / "photos" / "training_labels.csv"
    own.write_text("image,label\np5.jpg,bar\np6.jpg,ring\n")
    call("--suggest", "13")
    rows = table(Path("to_label/suggestions.csv"))
    assert len(rows) == 13
    (picture,) = [row["picture"] for row in rows if row["image"] == "p5.jpg"]
    (Path("to_label") / picture).rename(Path("to_label") / "disc" / picture)
    assert "1 labels read, 2 in all" in call("to_label").stdout
    assert labels(shop) == {("p5.jpg", ""): "disc", ("p6.jpg", ""): "ring"}
    assert "1 labels read, 2 in all" in call("to_label").stdout  # as often as one likes


def test_what_nobody_can_mean_is_said(shop: Layout) -> None:
    assert "--suggest N or a folder" in str(call().exception)
    assert "holds no suggestions.csv" in str(call("nowhere").exception)
    call("--suggest", "3")
    assert "is there already" in str(call("--suggest", "3").exception)
    first, second, _ = sorted(Path("to_label").glob("*.jpg"))
    table_path = Path("to_label/suggestions.csv")
    table_path.write_text(table_path.read_text().replace(f"{first.name},", f"{first.name},ring", 1))
    first.rename(Path("to_label/bar") / first.name)
    Path("to_label/spring").mkdir()
    second.rename(Path("to_label/spring") / second.name)
    back = call("to_label")
    assert "lies in bar and is ring in the table" in back.stderr and "no part has the label spring" in back.stderr
    own = shop.data / "photos" / "training_labels.csv"
    own.write_text("image,label,x_min,y_min,x_max,y_max\np5.jpg,bar,a,b,c,d\n")
    assert "not four numbers" in str(call("to_label").exception) and "a,b,c,d" in own.read_text()
    table_path.write_text("picture,label\n")
    assert "lacks the column" in str(call("to_label").exception)


def test_without_photos_or_model_it_says_what_to_do(shop: Layout) -> None:
    shutil.rmtree(shop.models)
    assert "holds no model" in str(call("--suggest", "3").exception)
    shutil.rmtree(shop.squares)
    assert "cad2real photos" in str(call("--suggest", "3").exception)


def test_unsure_photos_are_asked_about_and_no_two_alike() -> None:
    rng = np.random.default_rng(0)
    places = np.concatenate([rng.normal(centre, 0.1, (20, 2)) for centre in ((0, 0), (4, 0), (0, 4), (9, 9))])
    probabilities = np.full((80, 2), 0.5)
    probabilities[60:] = 0.999, 0.001  # all of the last group are sure
    chosen = unsure_and_varied(places, probabilities, 3, seed=0)
    assert {row // 20 for row in chosen} == {0, 1, 2}
    assert len(set(unsure_and_varied(np.zeros((9, 2)), np.full((9, 2), 0.5), 4, seed=0))) == 4
