"""The benchmark's project, its result and its errors; the stages are stand-ins that write the agreed files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from cad2real.errors import UserError
from cad2real.files import write_json
from cad2real.layout import Layout
from cad2real.params import load_params
from flows.benchmark.measure import (
    COMMANDS,
    DEFAULTS,
    BenchmarkSpec,
    collect_result,
    make_project,
    run_benchmark,
    run_command,
    views_a_part,
)
from flows.benchmark.seeds import run_seeds
from flows.benchmark.table import benchmark_table
from flows.pipeline import StageError

EVALUATION = {
    "classes": ["bolt", "nut"],
    "photos": 4,
    "unlabelled_photos": 1,
    "classes_without_cad": {"gear": 2},
    "seed": 3,
    "source_only": {"accuracy": 0.5, "mean_per_class": 0.25},
    "adapted": {"accuracy": 0.75, "mean_per_class": 0.7},
}
SKIPPED = {"thing": "x.jpg", "where": "", "reason": "is no picture."}


@pytest.fixture
def task(tmp_path: Path) -> BenchmarkSpec:
    (tmp_path / "mine" / "photos").mkdir(parents=True)
    (tmp_path / "mine" / "photos" / "one.jpg").write_bytes(b"")
    (tmp_path / "mine" / "parts.csv").write_text("part_id,file\nbolt,bolt.stl\n")
    return BenchmarkSpec(tmp_path / "mine" / "parts.csv", tmp_path / "mine" / "photos", seed=3)


def stand_in(files: dict[str, Any]) -> Any:
    def runner(root: Path, stage: str) -> None:
        assert (root / "params.yaml").exists()
        if stage == "report":
            for name, content in files.items():
                write_json(root / "data" / name, content)

    return runner


ARTIFACTS = {
    "catalogue.json": {"parts": [], "skipped": [{"thing": "gear", "where": "row 3", "reason": "has no file."}]},
    "renders/renders.json": {"parts": ["bolt", "nut"], "failed": []},
    "squares/skipped.json": [SKIPPED],
    "reports/evaluation.json": EVALUATION,
    "reports/baselines.json": {
        "photos": 4,
        "nearest_templates": {"accuracy": 0.3, "mean_per_class": 0.2},
        "fine_tuned": {"accuracy": 0.6, "mean_per_class": 0.5, "without_sizes": {"accuracy": 0.55}},
    },
    "index/retrieval.json": {"photos": 4, "top1": 0.5, "top5": 1.0},
}


def test_the_result_has_every_figure(task: BenchmarkSpec, tmp_path: Path) -> None:
    result = run_benchmark(task, tmp_path / "out", stand_in(ARTIFACTS))
    assert result["source_only_accuracy"] == 0.5
    assert result["source_only_accuracy_mean_per_class"] == result["source_only_mean_per_class"] == 0.25
    assert (result["nearest_templates_accuracy"], result["nearest_templates_mean_per_class"]) == (0.3, 0.2)
    assert (result["fine_tuned_accuracy"], result["fine_tuned_accuracy_without_sizes"]) == (0.6, 0.55)
    assert result["adapted_accuracy"] == 0.75
    assert result["adapted_accuracy_mean_per_class"] == result["adapted_mean_per_class"] == 0.7
    assert (result["retrieval_top1"], result["retrieval_top5"]) == (0.5, 1.0)
    assert (result["photos"], result["classes"], result["parts"], result["seed"]) == (4, 2, 2, 3)
    assert list(result["seconds"]) == list(COMMANDS)
    assert result["classes_without_cad"] == {"gear": 2}
    assert result["squares"] == {"boxes": 0, "found": 0, "whole": 0}
    assert [item["thing"] for item in result["skipped"]] == ["gear", "x.jpg"]
    assert json.loads((tmp_path / "out/data/reports/benchmark.json").read_text()) == result


def test_without_labels_figures_are_none_and_the_reason_is_given(task: BenchmarkSpec, tmp_path: Path) -> None:
    nothing = {"classes": ["bolt"], "photos": 0, "reason": "No photo has a label."}
    result = run_benchmark(task, None, stand_in({"reports/evaluation.json": nothing}))
    assert result["adapted_accuracy"] is None
    assert result["retrieval_top1"] is None
    assert result["reason"] == "No photo has a label."


def test_inputs_stay_where_they_are_and_one_seed_rules_all(
    task: BenchmarkSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    relative = BenchmarkSpec(Path("mine/parts.csv"), Path("mine/photos"), None, 3, ("render.views=5", "train.epochs=2"))
    make_project(relative, tmp_path / "out")
    params = load_params(tmp_path / "out" / "params.yaml")
    assert params.catalogue.parts == str(task.parts)
    assert params.photos.folder == str(task.photos)
    assert params.photos.boxes is None
    assert params.render.seed == params.train.seed == 3
    assert (params.render.views, params.train.epochs) == (5, 2)


def test_the_defaults_are_valid_parameters(task: BenchmarkSpec, tmp_path: Path) -> None:
    make_project(task, tmp_path)
    wanted = yaml.safe_load(DEFAULTS.read_text())
    assert load_params(tmp_path / "params.yaml").render.views == wanted["render"]["views"]


@pytest.mark.parametrize("missing", ["parts", "photos", "boxes"])
def test_a_missing_input_is_named(task: BenchmarkSpec, tmp_path: Path, missing: str) -> None:
    paths = {"parts": task.parts, "photos": task.photos, "boxes": None, missing: tmp_path / "nowhere"}
    with pytest.raises(UserError, match="nowhere"):
        run_benchmark(BenchmarkSpec(**paths), tmp_path / "out", stand_in({}))  # type: ignore[arg-type]


def test_a_stage_that_fails_says_why(tmp_path: Path) -> None:
    Layout(tmp_path).params.write_text("catalogue: {}\nrender: {}\nphotos: {}\ntrain: {}\n", encoding="utf-8")
    with pytest.raises(StageError, match=r"stage catalogue: .*parts\.csv"):
        run_command(tmp_path, "catalogue")


@pytest.mark.parametrize(("rows", "views"), [(8, 96), (16, 96), (40, 40), (500, 24)])
def test_a_long_part_list_gets_fewer_views_of_each(tmp_path: Path, rows: int, views: int) -> None:
    parts = tmp_path / "parts.csv"
    parts.write_text("part_id,file\n" + "".join(f"p{row},p{row}.stl\n" for row in range(rows)))
    assert views_a_part(parts, 96) == views


def test_the_result_says_how_squares_were_cut(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.squares.mkdir(parents=True)
    (layout.squares / "photos.csv").write_text("photo,how\n1.jpg,found\n1.jpg,found\n3.jpg,whole\n")
    assert collect_result(layout, 0, {})["squares"] == {"boxes": 0, "found": 2, "whole": 1}


def test_what_was_found_without_boxes_is_printed(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.squares.mkdir(parents=True)
    rows = "a.jpg,found\na.jpg,found\nb.jpg,whole\nc.jpg,found\nd.jpg,boxes\n"
    (layout.squares / "photos.csv").write_text("photo,how\n" + rows)
    write_json(layout.squares / "found.json", {"photos": {name: {} for name in ("a.jpg", "b.jpg", "c.jpg")}})
    result = collect_result(layout, 4, {})
    said = "found without boxes: 3 parts in 2 of 3 photos (seed 4); the others are used whole."
    assert said in benchmark_table(result)
    several = {"seeds": [4, 5], "runs": [result, result | {"seed": 5}]}
    assert "(seed 4)" in benchmark_table(several) and "(seed 5)" in benchmark_table(several)
    (layout.squares / "found.json").unlink()
    assert "found" not in benchmark_table(collect_result(layout, 4, {}))


def test_a_folder_with_other_things_is_left_alone(task: BenchmarkSpec, tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "data" / "photos").mkdir(parents=True)
    (project / "params.yaml").write_text("train: {epochs: 40}  # a night\n")
    other = tmp_path / "other"
    other.mkdir()
    (other / "letter.txt").write_text("dear")
    for out, what in ((project, "data/photos"), (other, "letter.txt"), (other / "letter.txt", "is not a folder")):
        for run in (run_benchmark, lambda spec, out: run_seeds(spec, 2, out, stand_in({}))):
            with pytest.raises(UserError, match=what):
                run(task, out)
    assert (project / "params.yaml").read_text() == "train: {epochs: 40}  # a night\n"


def test_a_folder_without_photos_is_said_before_anything_is_rendered(task: BenchmarkSpec, tmp_path: Path) -> None:
    (tmp_path / "none" / "below").mkdir(parents=True)
    with pytest.raises(UserError, match="holds no photo"):
        run_benchmark(BenchmarkSpec(task.parts, tmp_path / "none"), tmp_path / "out", stand_in({}))
