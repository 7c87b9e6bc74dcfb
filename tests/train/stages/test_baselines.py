"""What simpler ways reach: the rows that stand beside the adapted model in a benchmark."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pytest
from typer.testing import CliRunner

from cad2real.errors import UserError
from cad2real.layout import Layout
from tests.train.conftest import SMALL, write_renders, write_squares
from train.cli import train_app
from train.data.datasets import SourceDomain
from train.stages import adapt, baselines, finetune, probe

NOTHING = np.zeros((0, 3, 4, 4), dtype=np.uint8)


@dataclass
class Embedded:
    """A model that embeds the renders and photos of a test as it says."""

    renders: np.ndarray
    photos: np.ndarray

    def embed_pixels(self, images: np.ndarray, domain: str) -> np.ndarray:
        return self.renders if domain == "source" else self.photos


def test_a_class_is_as_near_as_the_five_nearest_renders_of_its_best_part() -> None:
    rng = np.random.default_rng(0)
    renders = rng.normal(size=(24, 16))
    photos = rng.normal(size=(9, 16))
    parts = tuple(part for part in "abc" for _ in range(8))
    labels = np.repeat([0, 0, 1], 8)  # a and b are of one class
    source = SourceDomain(NOTHING, labels, np.zeros(24, dtype=bool), ("x", "y"), parts, ())
    scores = baselines.nearest_templates(Embedded(renders, photos), source, NOTHING)  # type: ignore[arg-type]
    for row, photo in enumerate(photos):
        means = [sorted(renders[8 * part : 8 * part + 8] @ photo)[-5:] for part in range(3)]
        each = [sum(best) / 5 for best in means]
        assert scores[row].tolist() == pytest.approx([max(each[0], each[1]), each[2]])


def test_a_part_with_fewer_renders_than_five_takes_what_there_are() -> None:
    source = SourceDomain(NOTHING, np.array([0, 1]), np.zeros(2, dtype=bool), ("x", "y"), ("a", "b"), ())
    scores = baselines.nearest_templates(Embedded(np.eye(2), np.eye(2)), source, NOTHING)  # type: ignore[arg-type]
    assert scores.tolist() == [[1, 0], [0, 1]]


def test_the_rows_are_scored_and_change_no_model(project: Layout) -> None:
    probe.run(project, SMALL)
    with pytest.raises(UserError, match="finetune"):
        baselines.run(project)
    finetune.run(project, SMALL)
    adapt.run(project, SMALL)
    before = {path: path.read_bytes() for path in project.models.rglob("*.*")}
    result = baselines.run(project)
    assert result == json.loads((project.reports / "baselines.json").read_text())
    assert result["photos"] == 6 and set(baselines.TITLES) < set(result)
    assert all(0 <= result[name]["mean_per_class"] <= 1 for name in baselines.TITLES)
    assert result["aligned"]["without_sizes"].keys() == {"accuracy", "mean_per_class"}
    assert result["fine_tuned"]["without_sizes"].keys() == {"accuracy", "mean_per_class"}
    assert before == {path: path.read_bytes() for path in project.models.rglob("*.*")}


def test_without_labels_nothing_is_scored(
    tmp_path: object, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = Layout(tmp_path)  # type: ignore[arg-type]
    write_renders(layout.renders)
    write_squares(layout.squares, labels=("gear",))
    small = SMALL.model_copy(update={"epochs": 1})
    probe.run(layout, small)
    finetune.run(layout, small)
    adapt.run(layout, small)
    monkeypatch.chdir(layout.root)
    assert "nothing scored" in CliRunner().invoke(train_app, ["baselines"]).output
