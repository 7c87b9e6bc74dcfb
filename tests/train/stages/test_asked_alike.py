"""Both rows of an evaluation are asked alike, and a photo alone gets the answer that it gets among others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cad2real.layout import Layout
from photos.manifest import read_manifest
from photos.params import PhotosParams
from photos.stage import make_squares
from search.prediction import Prediction, Predictor
from tests.train.conftest import CLASSES, SMALL, write_renders
from train.data.datasets import read_target
from train.model import Model, save_model
from train.networks.new_network import new_network
from train.sizes.possible_sizes import Sizes
from train.sizes.size_prior import SizePrior
from train.stages import evaluate

CLOSE = 1e-5  # rounding of float32: kernels add up in another order for another number of images
PHOTOS = 7
PARTS = ((40, 10), (30, 30), (14, 20))  # pixels wide and high, one a class


def network(seed: int) -> torch.nn.Module:
    torch.manual_seed(seed)
    made = new_network("test_efficientnet", "random", len(CLASSES), SMALL.image_size)
    torch.nn.init.normal_(made.head.weight, std=0.02)
    return made


def prior(layout: Layout) -> SizePrior:
    """That each class is as large as in its first photo."""
    extents, labels = (
        read_target(layout.squares, 64, None).extents,
        [row.label for row in read_manifest(layout.squares)],
    )
    sizes = Sizes(extents[[labels.index(label) for label in CLASSES]], np.arange(3), np.ones(3), None)
    return SizePrior(sizes, len(CLASSES), 0.0, 0.05)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Photos with parts of the sizes of the classes, on plain paper or in front of anything, and two models."""
    layout, rng = Layout(tmp_path), np.random.default_rng(0)
    write_renders(layout.renders)
    (tmp_path / "params.yaml").write_text("{catalogue: {}, render: {}, photos: {size: 64}, train: {}}")
    for number in range(PHOTOS):
        label = CLASSES[number % len(CLASSES)]
        picture = np.full((90 + number, 90 + number, 3), 235, dtype=np.uint8)
        width, height = PARTS[number % len(CLASSES)]
        picture[10 : 10 + height, 20 : 20 + width] = rng.integers(0, 120, 3)
        if number == PHOTOS - 1:
            picture = rng.integers(0, 256, picture.shape, dtype=np.uint8)
        path = tmp_path / "photos" / label / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path)
    make_squares(tmp_path / "photos", None, "shift", 64, layout.squares)
    description = {"classes": list(CLASSES), "backbone": "test_efficientnet", "image_size": SMALL.image_size, "seed": 0}
    description |= {"parameters": SMALL.model_dump(mode="json"), "unknown_below": 0.5}
    save_model(layout.models / "probe", network(1), description | {"rotations": 1, "unknown_below": None})
    save_model(layout.models / "adapt", network(2), description | {"rotations": 4}, prior(layout))
    return layout


def test_one_photo_at_a_time_is_answered_as_in_a_batch(layout: Layout) -> None:
    model = Model.load(layout.models / "adapt")
    pictures = [Image.open(layout.squares / row.square) for row in read_manifest(layout.squares)]
    sides = [float(row.crop_side) for row in read_manifest(layout.squares)]
    for some in (None, sides):
        together = model.predict(pictures, 3, some)
        for number, picture in enumerate(pictures):
            (alone,) = model.predict([picture], 3, None if some is None else [some[number]])
            assert dict(alone) == pytest.approx(dict(together[number]), abs=CLOSE)
    together_found = model.embed_and_classify(pictures)
    for number, picture in enumerate(pictures):
        for one, many in zip(model.embed_and_classify([picture]), together_found, strict=True):
            assert one[0] == pytest.approx(many[number], abs=CLOSE)


@pytest.mark.parametrize("same_camera", [False, True])
def test_predict_answers_a_photo_alone_as_among_others(layout: Layout, same_camera: bool) -> None:
    tool = Predictor(Model.load(layout.models / "adapt"), PhotosParams(size=64))
    paths = sorted((layout.root / "photos").rglob("*.png"))
    together = list(tool.predict(paths, top=3, same_camera=same_camera))
    for path, among in zip(paths, together, strict=True):
        (alone,) = tool.predict([path], top=3, same_camera=same_camera)
        assert isinstance(alone, Prediction) and isinstance(among, Prediction)
        assert dict(alone.labels) == pytest.approx(dict(among.labels), abs=CLOSE)


def test_evaluate_scores_the_answers_that_single_squares_get(layout: Layout) -> None:
    model, target = Model.load(layout.models / "adapt"), read_target(layout.squares, SMALL.image_size, None)
    scored = model.probabilities(target.images, target.extents)
    for number, row in enumerate(read_manifest(layout.squares)):
        square = Image.open(layout.squares / row.square)
        (answer,) = model.predict([square], 3, [float(row.crop_side)])
        assert [dict(answer)[label] for label in CLASSES] == pytest.approx(scored[number], abs=CLOSE)


def test_both_rows_are_asked_with_the_same_turns_and_sizes(layout: Layout) -> None:
    found = evaluate.run(layout)
    save_model(layout.models / "probe", network(2), Model.load(layout.models / "probe").description)
    same = evaluate.run(layout)
    for key in ("accuracy", "without_sizes", "predictions", "confusion"):
        assert same["source_only"][key] == same["adapted"][key], "of the same network there is nothing to gain"
    assert found["adapted"] == same["adapted"]
    assert found["adapted"]["accuracy"] >= 6 / 7 > found["adapted"]["without_sizes"]["accuracy"], "sizes tell them"
    assert same["source_only"]["accuracy"] == same["adapted"]["accuracy"]


def test_confidence_that_is_judged_is_the_networks_own(layout: Layout) -> None:
    """Threshold and temperature come from renders, which have no size in a photo."""
    model, target = Model.load(layout.models / "adapt"), read_target(layout.squares, SMALL.image_size, None)
    alone = model.probabilities(target.images).max(axis=1)
    with_sizes = model.probabilities(target.images, target.extents).max(axis=1)
    threshold = np.sort(with_sizes)[1] - 0.01
    assert alone.max() < threshold, "sizes make it surer"
    description = model.description | {"unknown_below": float(threshold)}
    save_model(layout.models / "adapt", model.network, description, model.prior)
    found = evaluate.run(layout)["adapted"]
    assert found["open_set"]["known_accepted"] == 0
    paths = sorted((layout.root / "photos").rglob("*.png"))
    answers = list(Predictor.open(layout.root).predict(paths, same_camera=True))
    confident = [one for one in answers if isinstance(one, Prediction) and one.labels[0][1] > threshold]
    assert len(confident) >= PHOTOS - 1 and sum(one.unknown is True for one in confident) >= PHOTOS - 1


def test_the_temperature_is_the_models_own(layout: Layout) -> None:
    model = Model.load(layout.models / "adapt")
    fitted = evaluate.run(layout)["adapted"]["calibration"]
    assert fitted["held_out_renders"] > 0 and fitted["temperature"] != 2.5, "a model of before: found by evaluate"
    description = model.description | {"temperature": 2.5, "held_out_renders": 3}
    save_model(layout.models / "adapt", model.network, description, model.prior)
    stored = evaluate.run(layout)["adapted"]["calibration"]
    assert (stored["temperature"], stored["held_out_renders"]) == (2.5, 3)
