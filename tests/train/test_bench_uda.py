"""The digits check runs through on a handful of digits, goes on where it was, and keeps labels out of training."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from tools import bench_uda
from tools.uda.digits import CANVAS, PAIRS, SIDE, read_mnist, read_pair
from tools.uda.lenet import FEATURES, new_lenet
from tools.uda.settings import Row, adapt_params, rows, source_params
from tools.uda.shared_images import SharedStepImages
from tools.uda.table import fall_back_line, markdown
from tools.uda.trial import Trial
from train.data.datasets import TargetDomain
from train.loop.schedule import Schedule
from train.loop.step_images import step_images
from train.methods import FOR_VISION_TRANSFORMERS, METHODS

COUNT = 100


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """A folder as tools/uda/digits.py reads it, of scikit-learn's digits."""
    data = load_digits()
    small, labels = (data.images[:COUNT] * 15.9).astype(np.uint8), data.target[:COUNT]
    seen = {"images": small.repeat(2, 1).repeat(2, 2), "labels": labels}
    np.savez(tmp_path / "usps.npz", **seen, test_images=seen["images"][:30], test_labels=labels[:30])
    large = small.repeat(4, 1).repeat(4, 2)
    np.savez(tmp_path / "mnist_m.npz", images=np.stack([large] * 3, axis=3), labels=labels)
    np.savez(tmp_path / "mnist5k.npz", images=large[:, 2:-2, 2:-2], labels=labels)
    return tmp_path


def test_pairs_hold_what_is_scored_apart_from_what_trains(digits: Path) -> None:
    usps, mnist_m = (read_pair(digits, name) for name in PAIRS)
    assert usps.target.images.shape == (COUNT, 3, SIDE, SIDE) and usps.scored.shape == (30, 3, SIDE, SIDE)
    assert np.array_equal(mnist_m.scored, mnist_m.target.images)  # transductive
    assert {field.name for field in fields(TargetDomain)} == {"images", "squares", "extents", "images_key"}


def test_mnist_is_white_strokes_with_nothing_behind_them(digits: Path) -> None:
    source = read_mnist(digits, seed=1)
    assert source.images.shape == (COUNT, 4, CANVAS, CANVAS)
    assert (source.images[:, :3] == 255).all()
    assert (source.images[:, 3, 0] == 0).all() and (source.images[:, 3].reshape(COUNT, -1).max(axis=1) > 200).all()
    assert 0 < source.held_out.sum() < 0.3 * COUNT


def test_the_network_has_the_size_of_lenet_and_depends_on_its_seed() -> None:
    first, again, other = new_lenet(10, 0), new_lenet(10, 0), new_lenet(10, 1)
    assert first.backbone(torch.zeros(2, 3, SIDE, SIDE)).shape == (2, FEATURES)
    assert sum(parameter.numel() for parameter in first.parameters()) < 200_000
    weight = next(first.backbone.parameters())
    assert torch.equal(weight, next(again.backbone.parameters()))
    assert not torch.equal(weight, next(other.backbone.parameters()))


def test_every_method_of_the_registry_has_a_row() -> None:
    assert set(METHODS) - FOR_VISION_TRANSFORMERS <= set(rows())


def test_images_that_methods_share_are_those_that_each_would_make(digits: Path) -> None:
    pair = read_pair(digits, "usps")
    params = adapt_params(0, Row({}, 1)).model_copy(update={"batch_size": 4})
    wanted = pair.source, pair.target, params, Schedule(2, 0.0)
    shared, darker = SharedStepImages(), lambda renders, photos: renders * 0.5 + photos * 0.1
    assert len(list(shared(*wanted, []))) == 2
    for restyles in ([], [darker]):
        own = list(step_images(*wanted, restyles))
        for ours, theirs in zip(shared(*wanted, restyles), own, strict=True):
            assert torch.equal(ours.images, theirs.images) and torch.equal(ours.labels, theirs.labels)


def test_the_check_runs_and_goes_on(
    digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    short = {"epochs": 1, "steps_per_epoch": 2, "batch_size": 8}
    monkeypatch.setattr(bench_uda, "source_params", lambda seed: source_params(seed).model_copy(update=short))
    monkeypatch.setattr(bench_uda, "adapt_params", lambda seed, row: adapt_params(seed, row).model_copy(update=short))
    monkeypatch.chdir(tmp_path)

    def run(*names: str) -> list[dict[str, object]]:
        monkeypatch.setattr("sys.argv", ["bench_uda", "--digits", str(digits), "--seeds", "0", "--rows", *names])
        bench_uda.main()
        found: list[dict[str, object]] = json.loads(Path("data/reports/uda.json").read_text())["trials"]
        return found

    first = run("dann")
    assert [(trial["pair"], trial["row"]) for trial in first] == [("usps", "dann"), ("mnist_m", "dann")]
    assert all(0 <= trial["accuracy"] <= trial["best"] <= 1 for trial in first)  # type: ignore[operator]
    assert run("dann", "mcc")[:2] == first
    assert "| mcc |" in capsys.readouterr().out


def test_the_table_marks_what_ends_below_the_network_it_began_with() -> None:
    def trial(row: str, seed: int, accuracy: float) -> Trial:
        return Trial("usps", row, seed, 2007, 0.9, accuracy, accuracy, "epoch 1", 1, 1.0, [])

    table = markdown([trial("good", 0, 0.95), trial("good", 1, 0.97), trial("bad", 0, 0.88)])
    assert "| good | 0.960 (0.950 to 0.970, 2 seeds) | – |" in table
    assert "| bad | *0.880* | – |" in table


def test_the_line_on_the_fall_back_counts_what_it_catches_and_what_it_costs() -> None:
    def trial(accuracy: float, agreement: float) -> Trial:
        same = {"information_maximisation": 1.0, "source_accuracy": 0.9}
        scores = [{**same, "class_ami": value} for value in (0.5, agreement)]
        candidates = [
            {"name": f"epoch {number}", "accuracy": value, "scores": found}
            for number, (value, found) in enumerate(zip((0.9, accuracy), scores, strict=True))
        ]
        return Trial("usps", "a method", 0, 2007, 0.9, accuracy, accuracy, "epoch 1", 1, 1.0, candidates)

    line = fall_back_line([trial(0.95, 0.6), trial(0.7, 0.3), trial(0.6, 0.6), trial(0.92, 0.3)])
    assert "of 4 runs 2 end as they began, among them 1 of the 2 that" in line
    assert "1 of them had gained, by at most 2.0 points" in line
    assert "of 1 runs 0 end" in fall_back_line([trial(0.95, 0.6)])
