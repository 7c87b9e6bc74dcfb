"""A benchmark with a handful of labels: who trains, who scores, and the curve."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import cad2real.cli
from cad2real.errors import UserError
from cad2real.files import write_json
from cad2real.layout import Layout
from flows.benchmark.labelled import draw, parse_counts
from flows.benchmark.measure import BenchmarkSpec, run_benchmark
from flows.benchmark.table import benchmark_table
from photos.stage import make_squares
from train.data.datasets import target_labels

PHOTOS = {"bolt": 6, "nut": 6, "gear": 2}


@pytest.fixture
def spec(tmp_path: Path) -> BenchmarkSpec:
    """Six bolts, six nuts, two gears; bolt/0.jpg is there again."""
    mine = tmp_path / "mine"
    rng = np.random.default_rng(0)
    for label, count in PHOTOS.items():
        (mine / "photos" / label).mkdir(parents=True)
        for number in range(count):
            picture = Image.fromarray(rng.integers(0, 255, (6, 8, 3), np.uint8)).resize((160, 120))
            picture.save(mine / "photos" / label / f"{number}.jpg")
    (mine / "photos" / "nut" / "copy.jpg").write_bytes((mine / "photos" / "bolt" / "0.jpg").read_bytes())
    (mine / "parts.csv").write_text("part_id,file\nbolt,bolt.stl\n")
    return BenchmarkSpec(mine / "parts.csv", mine / "photos", seed=3, labelled=(1, 3))


def runner(root: Path, stage: str) -> None:
    """Makes real squares; its model is right of more photos the more labels train."""
    layout = Layout(root)
    layout.renders.mkdir(parents=True, exist_ok=True)
    layout.models.mkdir(parents=True, exist_ok=True)
    if not layout.catalogue.exists():
        write_json(layout.catalogue, {})
    if stage == "photos":
        make_squares(Path(root).parent / "mine" / "photos", None, "shift", 32, layout.squares)
    if stage == "evaluate":
        learned = len(json.loads((layout.squares / "labels.json").read_text())["photos"])
        figures = {"accuracy": 0.5 + learned / 100, "mean_per_class": 0.4 + learned / 100}
        scored = target_labels(layout.squares)
        content = {"classes": list(PHOTOS), "photos": len(scored), "source_only": figures, "adapted": figures}
        write_json(layout.reports / "evaluation.json", content)


def test_all_numbers_of_labels_are_scored_on_the_same_photos_that_none_of_them_draws(
    spec: BenchmarkSpec, tmp_path: Path
) -> None:
    result = run_benchmark(spec, tmp_path / "out", runner)
    rows = result["labelled"]
    assert [(row["a_class"], row["labels"]) for row in rows] == [(0, 0), (1, 3), (3, 7)]  # one gear has to stay
    assert len({row["photos"] for row in rows}) == 1 and rows[0]["photos"] in (7, 6)
    scored, trained = [], []
    for count in (0, 1, 3):
        squares = Layout(tmp_path / "out" / f"labelled-{count}").squares
        scored.append(set(target_labels(squares)))
        trained.append({one["square"] for one in json.loads((squares / "labels.json").read_text())["photos"]})
    assert scored[0] == scored[1] == scored[2] and trained[0] == set() and trained[1] < trained[2]
    assert not scored[0] & trained[2]
    assert not (tmp_path / "out/labelled-1/data/models").is_symlink()
    assert (tmp_path / "out/labelled-0/data/models").is_symlink()
    assert len(target_labels(Layout(tmp_path / "out").squares)) == 14  # the benchmark itself trains without labels
    table = benchmark_table(result)
    assert "labels a class" in table and "3 (7 in all)" in table and "57.0 %" in table


def test_the_draw_hangs_on_the_seed_and_repeats_never_train(spec: BenchmarkSpec, tmp_path: Path) -> None:
    squares = tmp_path / "squares"
    make_squares(spec.photos, None, "shift", 32, squares)
    first = draw(squares, list(PHOTOS), (2,), seed=0)
    assert draw(squares, list(PHOTOS), (2,), seed=0) == first
    assert any(draw(squares, list(PHOTOS), (2,), seed=seed) != first for seed in range(1, 4))
    for seed in range(20):
        assert not any("copy" in square for square in draw(squares, ["bolt", "nut"], (9,), seed)[9])
    with pytest.raises(UserError, match="two photos"):
        draw(squares, ["washer"], (1,), seed=0)


@pytest.mark.parametrize("text", ["", "0", "1,x", "-3", "1;3", "99999"])
def test_a_list_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="1,3,5"):
        parse_counts(text)
    said = CliRunner().invoke(cad2real.cli.app, ["benchmark", "--parts", "p", "--photos", "q", "--labelled", text])
    assert isinstance(said.exception, UserError)
