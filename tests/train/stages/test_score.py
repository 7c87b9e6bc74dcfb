"""Two models are compared on the same photos by a label-free score and, where labels exist, accuracy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cad2real.layout import Layout
from train.data.datasets import read_target
from train.model import save_model
from train.networks.new_network import new_network
from train.sizes.possible_sizes import Sizes
from train.sizes.size_prior import SizePrior
from train.stages.score import score_model

COLUMNS = "square,photo,label,x_min,y_min,x_max,y_max,crop_x,crop_y,crop_side,border"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path)
    layout.squares.mkdir(parents=True)
    rows = [COLUMNS]
    random = np.random.default_rng(0)
    for number, label in enumerate(["bolt", "nut", "", "gear"]):
        name = f"{number}_photo.jpg"
        Image.fromarray(random.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(layout.squares / name)
        rows.append(f"{name},{name},{label},,,,,0,0,32,none")
    (layout.squares / "photos.csv").write_text("\n".join(rows) + "\n")
    description = {"classes": ["bolt", "nut"], "backbone": "resnet10t", "image_size": 32, "rotations": 1}
    save_model(layout.models / "adapt", new_network("resnet10t", "random", 2, 32), description)
    return layout


def test_an_untrained_model_knows_nothing(layout: Layout) -> None:
    scores = score_model(layout, layout.models / "adapt")
    assert scores["classes"] == ["bolt", "nut"]
    assert scores["photos"] == 2  # one photo has no label, one a label without a part
    assert scores["label_free"] == pytest.approx(0, abs=1e-6)
    assert scores["accuracy"] == 0.5


def test_without_photos_there_is_no_score(layout: Layout) -> None:
    (layout.squares / "photos.csv").write_text(COLUMNS + "\n")
    scores = score_model(layout, layout.models / "adapt")
    assert (scores["label_free"], scores["accuracy"], scores["photos"]) == (None, None, 0)


def test_sizes_count_as_in_evaluate(layout: Layout) -> None:
    for name, width in (("0_photo", 24), ("1_photo", 6)):  # a large bolt and a small nut on plain paper
        picture = np.full((32, 32, 3), 240, dtype=np.uint8)
        picture[4 : 4 + width, 4 : 4 + width] = 40
        Image.fromarray(picture).save(layout.squares / f"{name}.jpg", quality=95)
    extents = read_target(layout.squares, 32, None).extents[:2]
    prior = SizePrior(Sizes(extents, np.array([0, 1]), np.ones(2), None), 2, 0.0, 0.1)
    description = {"classes": ["bolt", "nut"], "backbone": "resnet10t", "image_size": 32, "rotations": 1}
    save_model(layout.models / "adapt", new_network("resnet10t", "random", 2, 32), description, prior)
    assert score_model(layout, layout.models / "adapt")["accuracy"] == 1.0  # the network alone knows nothing
