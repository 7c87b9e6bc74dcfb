"""`cad2real search evaluate` on a project whose model looks at colours only."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import cad2real.cli
import search.evaluation.evaluate
from cad2real.errors import UserError
from cad2real.layout import Layout
from flows.report.left_out import read_left_out
from search.evaluation.evaluate import evaluate
from search.evaluation.left_out import without_classes
from search.index import Index, IndexedPart
from search.stage import build_index
from tests.search.test_search import COLORS, ColorModel, project  # noqa: F401  (a fixture)


class Before(ColorModel):
    key = "colors-0"


@pytest.fixture
def shop(project: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:  # noqa: F811
    models = {"adapt": ColorModel(), "probe": Before()}
    monkeypatch.setattr(search.evaluation.evaluate, "load_model", lambda folder, stage: (stage, models[stage]))
    for part_id, color in COLORS.items():
        for number in range(2, 30):
            shade = np.clip(np.array(color) + np.random.default_rng(number).normal(0, 14, 3), 0, 255)
            Image.new("RGB", (40, 30), tuple(shade.astype(int).tolist())).save(f"data/photos/{part_id}/{number}.jpg")
    assert CliRunner().invoke(cad2real.cli.app, ["photos"]).exit_code == 0
    build_index(Layout())
    return Layout()


def test_all_ways_of_answering_are_scored(shop: Layout) -> None:
    result = CliRunner().invoke(cad2real.cli.app, ["search", "evaluate", "--json"])
    assert result.exit_code == 0, (result.output, result.exception)
    said = json.loads(result.stdout)
    assert set(said["rows"]) == {"frozen", "source_only", "views", "adapted", "added"}
    for scores in said["rows"].values():
        assert scores["photos"] > 50 and scores["accuracy_1"] == scores["mean_average_precision"] == 1
    novelty = said["not_in_catalogue"]
    assert set(novelty) == {"by_photos", "by_distance"}
    assert novelty["by_photos"]["auroc"] > 0.95  # blue is far from what is red and green
    assert novelty["by_photos"]["known_rejected"] < 0.2 and novelty["by_photos"]["new_detected"] > 0.9
    alike = said["look_alikes"]
    assert set(alike) == {"most_alike", "least_alike", "classes"} and set(alike["most_alike"]) == set(novelty)
    assert {one["label"] for one in alike["classes"]} == set(COLORS)
    kept = json.loads((shop.reports / "search.json").read_text())
    assert kept.pop("of").keys() == {"index", "photos"} and kept == said
    shown = read_left_out(shop)
    assert shown is not None and len(shown.rows) == 6 and len(shown.look_alikes) == 3


def test_what_is_known_of_looks_is_scored_and_said(shop: Layout) -> None:
    """Every part is drawn in two materials; the model sees colours alone, so it can tell these by nothing."""
    for part_id in COLORS:
        path = shop.renders / part_id / "part.json"
        part = json.loads(path.read_text())
        for number, view in enumerate(part["views"]):
            view["materials"] = {"*": f"{('steel', 'brass')[number % 2]} polished"}
        part["views"] *= 8
        path.write_text(json.dumps(part))
    build_index(shop)
    said = evaluate(shop).as_dict()["looks"]
    (material,) = said["heads"]
    assert (material["kind"], material["values"], material["says_something"]) == ("material", ["brass", "steel"], False)
    assert material["chance"] == 0.5 and material["photos"] == 0 and said["unseen_parts"] is None
    result = CliRunner().invoke(cad2real.cli.app, ["search", "evaluate"])
    assert "material of parts that it has not seen, 2 values" in result.stdout and "nothing is said" in result.stdout


def test_people_get_a_table(shop: Layout) -> None:
    result = CliRunner().invoke(cad2real.cli.app, ["search", "evaluate", "--foreign", "data/renders"])
    assert result.exit_code == 0, (result.output, result.exception)
    assert "adapted: what the search answers" in result.stdout and "not in the catalogue" in result.stdout
    assert "the 1 most like another, told from it alone: unlike the photos" in result.stdout
    assert "looks most like" in result.stdout
    assert "among foreign renders" in result.stdout


def test_foreign_renders_that_are_the_same_are_as_near(shop: Layout) -> None:
    evaluation = evaluate(shop, shop.renders)
    assert evaluation.foreign == 12
    assert evaluation.rows["distractors"].accuracy_5 == 1


def test_without_labelled_photos_there_is_nothing_to_score(shop: Layout) -> None:
    (shop.squares / "photos.csv").write_text("square,photo,label\n")
    with pytest.raises(UserError, match="No photo has the label"):
        evaluate(shop)


def test_a_photo_that_is_called_evaluate_is_a_photo(shop: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("RGB", (40, 30), COLORS["washer"]).save("evaluate", "JPEG")
    result = CliRunner().invoke(cad2real.cli.app, ["search", "evaluate"])
    assert result.exit_code == 0 and result.stdout.splitlines()[1].split()[1] == "washer"


def test_a_classifier_that_never_knew_a_class_shares_its_probability() -> None:
    parts = tuple(IndexedPart(name, label, "") for name, label in (("a1", "a"), ("a2", "a"), ("b", "b"), ("c", "c")))
    index = Index(np.eye(4, dtype=np.float32), parts, np.arange(4), ("a", "b", "c", "d"), "adapt", "key")
    probabilities = np.array([[0.2, 0.2, 0.5, 0.3]], dtype=np.float32)
    own = np.array([False, False, True, False])
    added = np.array([[0.2, 0.2, 0.5, np.nan]], dtype=np.float32)
    assert without_classes(added, own, index)[0] == pytest.approx([1, 1, 0, np.nan], nan_ok=True)
    assert without_classes(probabilities, own, index)[0] == pytest.approx([0.4, 0.4, 0.0, 0.6])
