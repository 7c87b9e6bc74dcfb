"""What `make bench-train` measures: the same work in all loops, and in a project of any size."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from cad2real.layout import Layout
from tools import bench_train
from tools.train_speed import our_loop
from train.loop.step_images import StepImages
from train.loop.task import AdaptationTask


def test_all_figures_of_a_named_network(
    project: Layout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project.root)
    named = ["--steps", "1", "--batch", "4", "--networks", "test_efficientnet:32"]
    monkeypatch.setattr("sys.argv", ["bench_train.py", *named])
    monkeypatch.setattr(bench_train, "apart", lambda measure, *arguments: measure(*arguments))  # imports take seconds
    bench_train.main()
    report = json.loads((project.reports / "bench_train.json").read_text())
    (figures,) = report["networks"]
    assert (figures["backbone"], figures["image_size"], figures["batch"]) == ("test_efficientnet", 32, 4)
    for loop in ("usual", "ours", "ours_with_frozen_blocks", "images_at_hand"):
        assert figures[loop]["images_a_second"] > 0 and 0 <= figures[loop]["data_wait"] <= 1
    assert figures["times_the_usual"] > 0 and figures["probe"]["ratio"] > 0
    assert "times_the_usual" in capsys.readouterr().out


def test_each_loop_has_a_process_of_its_own() -> None:
    assert bench_train.apart(os.getpid) != os.getpid()


def test_a_network_without_a_size_is_refused(project: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.root)
    monkeypatch.setattr("sys.argv", ["bench_train.py", "--networks", "test_efficientnet"])
    with pytest.raises(SystemExit, match="NAME:SIZE"):
        bench_train.main()


def test_images_at_hand_are_the_same_in_every_step(project: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.root)
    params = bench_train.with_network(bench_train.load_params(Path("none")).train, "test_efficientnet:32", 4)
    seen: list[StepImages] = []
    losses = AdaptationTask.losses

    def noted(self: AdaptationTask, images: StepImages, *rest: object) -> object:
        seen.append(images)
        return losses(self, images, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(AdaptationTask, "losses", noted)
    domains = bench_train.domains(project, params)
    our_loop.images_at_hand(params, *domains, steps=2)
    assert len(seen) == 6 and all(images is seen[0] for images in seen) and seen[0].weak is not None
    seen.clear()
    our_loop.our_loop(params, *domains, steps=2)
    assert len(seen) == 6 and seen[0] is not seen[1]
