"""`--unseen`: what the project and the result look like; the stages are stand-ins."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

import cad2real.cli
from cad2real.errors import UserError
from cad2real.files import write_json
from flows.benchmark.measure import COMMANDS, BenchmarkSpec, run_benchmark
from flows.benchmark.seeds import run_seeds
from flows.benchmark.table import benchmark_table
from flows.benchmark.unseen import STAGES, Unseen
from photos.find import find_photos

PHOTOS = 12


class Stages:
    """Stand-ins: each project's accuracy is its own, and the models are written once, in the first."""

    def __init__(self) -> None:
        self.ran: list[tuple[str, str]] = []
        self.photos: dict[str, set[str]] = {}

    def __call__(self, root: Path, stage: str) -> None:
        self.ran.append((root.name, stage))
        params = yaml.safe_load((root / "params.yaml").read_text())
        if stage == "photos":
            self.photos[root.name] = set(find_photos(Path(params["photos"]["folder"]))[0])
            write_json(root / "data/squares/skipped.json", [{"thing": root.name, "where": "", "reason": "is bad."}])
        if stage == "adapt":
            write_json(root / "data/models/adapt/model.json", {"trained in": root.name})
        if stage == "evaluate":
            assert (root / "data/models/adapt/model.json").is_file()
            share = 0.75 if root.name == "unseen" else 0.9
            scores = {
                "accuracy": share,
                "mean_per_class": share,
                "without_sizes": {"accuracy": 0.5, "mean_per_class": 0.4},
            }
            evaluation = {"classes": ["bolt"], "photos": len(self.photos[root.name]), "adapted": scores}
            write_json(root / "data/reports/evaluation.json", evaluation)


@pytest.fixture
def task(tmp_path: Path) -> BenchmarkSpec:
    for number in range(PHOTOS):
        path = tmp_path / "photos" / "bolt" / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"photo %d" % number)
    (tmp_path / "bolt.stl").write_bytes(b"a part")
    (tmp_path / "parts.csv").write_text("part_id,file\nbolt,bolt.stl\n")
    return BenchmarkSpec(tmp_path / "parts.csv", tmp_path / "photos", unseen=Unseen(share=0.5))


def test_the_unseen_photos_meet_the_finished_model_in_a_project_of_their_own(
    task: BenchmarkSpec, tmp_path: Path
) -> None:
    stages = Stages()
    result = run_benchmark(task, tmp_path / "out", stages)
    assert stages.ran == [("out", name) for name in COMMANDS] + [("unseen", name) for name in STAGES]
    assert not stages.photos["out"] & stages.photos["unseen"]
    assert len(stages.photos["out"] | stages.photos["unseen"]) == PHOTOS
    assert (result["adapted_accuracy"], result["unseen_adapted_accuracy"]) == (0.9, 0.75)
    assert result["unseen_adapted_mean_per_class_without_sizes"] == 0.4
    assert result["photos"] + result["unseen_photos"] == PHOTOS
    assert [item["thing"] for item in result["skipped"]] == ["out", "unseen"]
    assert (tmp_path / "out/unseen/data/models").is_symlink() and not (
        tmp_path / "out/unseen/data/squares"
    ).is_symlink()
    run_benchmark(task, tmp_path / "out", stages)  # over what is there


def test_a_folder_of_unseen_photos(task: BenchmarkSpec, tmp_path: Path) -> None:
    (tmp_path / "new" / "bolt").mkdir(parents=True)
    for number in (1, 99):
        (tmp_path / "new" / "bolt" / f"n{number}.jpg").write_bytes(b"photo %d" % number)
    stages = Stages()
    result = run_benchmark(replace(task, unseen=Unseen(folder=tmp_path / "new")), tmp_path / "out", stages)
    assert len(stages.photos["out"]) == PHOTOS and stages.photos["unseen"] == {"bolt/n99.jpg"}
    assert "bolt/n1.jpg" in [item["thing"] for item in result["skipped"]]
    with pytest.raises(UserError, match="nowhere"):
        run_benchmark(replace(task, unseen=Unseen(folder=tmp_path / "nowhere")), tmp_path / "out", stages)


def test_seeds_train_anew_on_the_same_split(task: BenchmarkSpec, tmp_path: Path) -> None:
    stages = Stages()
    result = run_seeds(task, 2, tmp_path / "out", stages)
    assert stages.photos["seed-0"] == stages.photos["seed-1"]
    assert result["unseen_adapted_accuracy"] == {"mean": 0.75, "least": 0.75, "greatest": 0.75}
    before = len(stages.ran)
    run_seeds(task, 2, tmp_path / "out", stages)
    assert len(stages.ran) == before, "finished before"
    run_seeds(replace(task, unseen=Unseen(share=0.4)), 2, tmp_path / "out", stages)
    assert len(stages.ran) > before, "another split is measured anew"
    assert "unseen" in benchmark_table(result) and "75.0 %" in benchmark_table(result)


def test_the_table_has_no_column_for_photos_that_are_not_there(task: BenchmarkSpec) -> None:
    result = run_benchmark(replace(task, unseen=None), None, Stages())
    assert not [name for name in result if name.startswith("unseen")]
    header, *rows = benchmark_table(result).splitlines()
    assert "unseen" not in header
    assert [row.split()[-2:] for row in rows] == [["90.0", "%"], ["40.0", "%"]]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--unseen", "1.5"], "not between 0 and 1"),
        (["--unseen", "nan"], "not between 0 and 1"),
        (["--unseen", "0.5", "--unseen-photos", "x"], "exclude"),
        (["--unseen-photos", "nowhere"], "nowhere"),
        (["--unseen", "0.000001"], "none is unseen"),
    ],
)
def test_what_cannot_be_set_apart_is_one_line(task: BenchmarkSpec, options: list[str], said: str) -> None:
    command = ["benchmark", "--parts", str(task.parts), "--photos", str(task.photos), *options]
    run = CliRunner().invoke(cad2real.cli.app, command)
    assert isinstance(run.exception, UserError) and said in str(run.exception)
