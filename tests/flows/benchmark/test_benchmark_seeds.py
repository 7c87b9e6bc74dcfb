"""Several seeds in one benchmark: their mean and spread, and no seed twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from cad2real.files import write_json
from cad2real.params import load_params
from flows.benchmark.measure import COMMANDS, BenchmarkSpec
from flows.benchmark.seeds import run_seeds


class Stages:
    """Stand-ins for the stages: the accuracy of seed n is .5 + n / 10. `dies_at` is the seed whose report is killed."""

    def __init__(self) -> None:
        self.ran: list[tuple[str, str]] = []
        self.dies_at: int | None = None

    def __call__(self, root: Path, stage: str) -> None:
        self.ran.append((root.name, stage))
        if stage != "report":
            return
        seed = load_params(root / "params.yaml").train.seed
        if seed == self.dies_at:
            raise KeyboardInterrupt
        scores = {"accuracy": 0.5 + seed / 10, "mean_per_class": 0.25}
        write_json(root / "data/reports/evaluation.json", {"classes": ["bolt"], "photos": 4, "adapted": scores})

    @property
    def seeds(self) -> list[str]:
        return [folder for folder, stage in self.ran if stage == "report"]


@pytest.fixture
def task(tmp_path: Path) -> BenchmarkSpec:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(b"a photo")
    (tmp_path / "bolt.stl").write_bytes(b"a part")
    (tmp_path / "parts.csv").write_text("part_id,file\nbolt,bolt.stl\n")
    return BenchmarkSpec(tmp_path / "parts.csv", tmp_path / "photos", seed=1)


def test_mean_and_spread_of_all_seeds(task: BenchmarkSpec, tmp_path: Path) -> None:
    stages = Stages()
    result = run_seeds(task, 3, tmp_path / "out", stages)
    assert result["seeds"] == [1, 2, 3]
    assert result["adapted_accuracy"] == {"mean": pytest.approx(0.7), "least": 0.6, "greatest": 0.8}
    assert result["source_only_accuracy"] is None  # was not scored
    assert [run["seed"] for run in result["runs"]] == [1, 2, 3]
    assert len(stages.ran) == 3 * len(COMMANDS)


def test_a_killed_run_goes_on_with_the_seed_that_was_not_finished(task: BenchmarkSpec, tmp_path: Path) -> None:
    stages = Stages()
    stages.dies_at = 2
    with pytest.raises(KeyboardInterrupt):
        run_seeds(task, 3, tmp_path / "out", stages)
    stages.dies_at, stages.ran = None, []
    assert run_seeds(task, 3, tmp_path / "out", stages)["adapted_accuracy"]["mean"] == pytest.approx(0.7)
    assert stages.seeds == ["seed-2", "seed-3"]


@pytest.mark.parametrize("changed", ["photos/a.jpg", "photos/b.jpg", "bolt.stl", "parts.csv"])
def test_what_has_changed_is_measured_again(task: BenchmarkSpec, tmp_path: Path, changed: str) -> None:
    run_seeds(task, 2, tmp_path / "out", Stages())
    with (tmp_path / changed).open("a") as file:
        file.write("\n")
    stages = Stages()
    run_seeds(task, 2, tmp_path / "out", stages)
    assert stages.seeds == ["seed-1", "seed-2"]


def test_without_a_folder_nothing_is_left(task: BenchmarkSpec, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    assert run_seeds(task, 2, None, Stages())["seeds"] == [1, 2]
    assert sorted(tmp_path.rglob("*")) == before
