"""A run of stage 2 that is killed goes on with the same command and ends in the same weights, to the bit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from filelock import FileLock
from safetensors.torch import load_file

from cad2real.errors import UserError
from cad2real.layout import Layout
from tests.train.conftest import write_renders, write_squares
from tests.train.methods.test_methods_adapt import BATCH, SIZE, STRENGTHS, domains, network_for
from train.data.labelled import LabelledPhotos
from train.loop.adaptation import Adaptation, adapt
from train.loop.checkpoint import Checkpoint, resumable
from train.methods import METHODS
from train.methods.batch import StepBatch
from train.networks.classifier import Classifier
from train.params import AdaptParams, TrainParams
from train.stages import adapt as stage
from train.stages import probe, several_seeds

REPOSITORY = Path(__file__).parents[3]
PARAMS = """
train:
  {backbone: mobilenetv3_small_050, weights: random, image_size: 32, batch_size: 6, epochs: 6, steps_per_epoch: 3,
   probe: {draws: 1}, adapt: {source_only_share: 0.2, score: %s, fall_back: false,
   methods: {cdan: 0.1, mcc: 1.0, self_training: 1.0, prior_information: 1.0, mic: 1.0, sdat: 0.02}}}
"""


@pytest.fixture
def shapes(tmp_path: Path) -> Layout:
    """A project whose photos come from one distance, so that sizes have a say; the probe is trained."""
    layout = Layout(tmp_path / "project")
    write_renders(layout.renders, radii=(0.35, 0.36))
    write_squares(layout.squares, photos=24, radii=(0.35, 0.36))
    manifest = layout.squares / "photos.csv"
    head, *rows = manifest.read_text().splitlines()
    manifest.write_text("\n".join([f"{head},crop_side", *(f"{row},480" for row in rows)]))
    layout.params.write_text(PARAMS % "bnm")
    command(layout, "probe").wait()
    return layout


def command(layout: Layout, name: str) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}
    words = [sys.executable, "-m", "cad2real", "train", name]
    return subprocess.Popen(words, cwd=layout.root, env=environment, stderr=subprocess.PIPE, text=True)


def finish(layout: Layout) -> tuple[bytes, str, str]:
    """The adapted model's bytes, its description, and what was said."""
    said = command(layout, "adapt").communicate(timeout=300)[1]
    folder = layout.models / "adapt"
    return (folder / "model.safetensors").read_bytes(), (folder / "model.json").read_text(), said


def kept(layout: Layout) -> list[Path]:
    return sorted(layout.cache.glob("adapt-*"))


def kill_after_an_epoch(layout: Layout) -> None:
    running = command(layout, "adapt")
    deadline = time.monotonic() + 200
    while running.poll() is None and not list(layout.cache.glob("adapt-*/run.safetensors")):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    assert running.poll() is None, "it was quicker than the test"
    os.kill(running.pid, signal.SIGKILL)
    running.communicate()


def test_a_killed_run_ends_as_an_undisturbed_one(shapes: Layout) -> None:
    weights, description, said = finish(shapes)
    assert "resumed" not in said and not kept(shapes)
    kill_after_an_epoch(shapes)
    assert len(kept(shapes)) == 1
    again, known, said = finish(shapes)
    assert "train adapt: resumed at epoch " in said and " of 6.\n" in said
    assert again == weights and known == description


def test_a_killed_run_without_a_given_length_ends_as_an_undisturbed_one(shapes: Layout) -> None:
    """Its phases end by what was seen before the kill, too."""
    open_ended = (PARAMS % "bnm").replace("epochs: 6", "epochs: auto").replace("adapt: {", "adapt: {most_steps: 36, ")
    shapes.params.write_text(open_ended)
    weights, description, said = finish(shapes)
    assert "photos join after " in said and "with falling rates" in said and '"ended": "' in description
    kill_after_an_epoch(shapes)
    again, known, said = finish(shapes)
    assert "train adapt: resumed at epoch " in said
    assert again == weights and known == description
    assert '"pixels_per_mm"' in description, "sizes teach in this test"
    assert not kept(shapes), "what a finished run left is swept"

    kill_after_an_epoch(shapes)
    (left,) = kept(shapes)  # of other parameters than now
    shapes.params.write_text(PARAMS % "information_maximisation")
    assert "resumed" not in finish(shapes)[2]
    assert not left.exists()


class Killed(Exception):
    pass


def trained(methods: dict[str, float], path: Path | None, stop: int = 3, labelled: int = 0) -> Classifier:
    """Three epochs of two steps, with `labelled` photos; killed after the checkpoint of epoch `stop`, where it is
    less.
    """
    torch.manual_seed(0)
    network = network_for(methods)

    def on_epoch(epoch: int, averaged: Classifier, losses: dict[str, float]) -> None:
        if epoch == stop:
            raise Killed

    params = TrainParams(
        image_size=SIZE,
        batch_size=BATCH,
        epochs=3,
        steps_per_epoch=2,
        adapt=AdaptParams(methods=methods, source_only_share=0.1, fall_back=False),
    )
    source, target = domains()
    known = LabelledPhotos(target.images[:labelled], np.arange(labelled) % len(source.classes))
    source = replace(source, labelled_photos=known)
    adapt(Adaptation(network, source, target, params), on_epoch, Checkpoint(path) if path else None)
    return network


def test_photos_with_labels_go_on_where_they_were(tmp_path: Path) -> None:
    methods, path = {"mcc": 1.0}, tmp_path / "run.safetensors"
    with pytest.raises(Killed):
        trained(methods, path, stop=1, labelled=5)
    resumed, undisturbed = trained(methods, path, labelled=5), trained(methods, None, labelled=5)
    without = trained(methods, None).state_dict()
    for name, value in undisturbed.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], value), name
    assert not torch.equal(without["head.weight"], undisturbed.state_dict()["head.weight"])


@pytest.mark.parametrize("name", METHODS)
def test_every_method_goes_on_where_it_was(name: str, tmp_path: Path) -> None:
    methods = {name: STRENGTHS.get(name, 1.0)}
    path = tmp_path / "run.safetensors"
    with pytest.raises(Killed):
        trained(methods, path, stop=1)
    assert Checkpoint(path).epochs == 1
    resumed, undisturbed = trained(methods, path).state_dict(), trained(methods, None).state_dict()
    assert all(torch.equal(resumed[key], value) for key, value in undisturbed.items())


def test_a_damaged_checkpoint_or_candidate_is_not_used(project: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    small = TrainParams(
        backbone="test_efficientnet", weights="random", image_size=32, batch_size=6, epochs=2, steps_per_epoch=2
    )
    probe.run(project, small)
    stage.run(project, small)
    weights = (project.models / "adapt" / "model.safetensors").read_bytes()
    for damaged in ("run.safetensors", "epoch_0001/predictions.safetensors"):
        with pytest.raises(Killed), pytest.MonkeyPatch.context() as patch:
            patch.setattr(several_seeds, "choose", _raise)
            stage.run(project, small)
        (folder,) = kept(project)
        (folder / damaged).write_bytes((folder / damaged).read_bytes()[:50])
        stage.run(project, small)
        assert (project.models / "adapt" / "model.safetensors").read_bytes() == weights
    assert "resumed" not in capsys.readouterr().err


def _raise(*_: object) -> int:
    raise Killed


def test_a_run_that_is_under_way_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with resumable(tmp_path, "adapt", "one"):
        with pytest.raises(UserError, match="does the same"), resumable(tmp_path, "adapt", "one"):
            pass
        with resumable(tmp_path, "adapt", "two"):
            assert (tmp_path / "adapt-one").is_dir()
    assert "at work" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_loss_that_breaks_leaves_the_last_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, mcc, losses = tmp_path / "run.safetensors", METHODS["mcc"], []

    def broken(self: object, batch: object) -> torch.Tensor:
        losses.append(1)
        return torch.tensor(float("nan") if len(losses) > 3 else 0.0)

    monkeypatch.setattr(mcc, "loss", broken)
    with pytest.raises(UserError, match=r"the loss mcc is not finite at step 4"):
        trained({"mcc": 1.0}, path)
    assert Checkpoint(path).epochs == 2


def test_a_gradient_that_breaks_changes_no_weight(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the last step of an epoch, whose checkpoint it would be."""
    path, mcc, seen = tmp_path / "run.safetensors", METHODS["mcc"], []

    def steep(self: object, batch: StepBatch) -> torch.Tensor:
        seen.append(1)
        return (batch.target_logits.sum() * (0.0 if len(seen) > 2 else 1.0)).abs().sqrt()  # infinite slope at 0

    monkeypatch.setattr(mcc, "loss", steep)
    with pytest.raises(UserError, match=r"the gradient of the losses source, mcc is not finite at step 3"):
        trained({"mcc": 1.0}, path)
    assert Checkpoint(path).epochs == 1
    assert all(value.isfinite().all() for value in load_file(path).values())


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA"), RuntimeError("DefaultCPUAllocator: can't allocate memory"), MemoryError()]
)
def test_out_of_memory_names_the_batch_size(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: object, batch: object) -> torch.Tensor:
        raise error

    monkeypatch.setattr(METHODS["mcc"], "loss", full)
    with pytest.raises(UserError, match=r"out of memory .* batch_size: 4"):
        trained({"mcc": 1.0}, None)
    monkeypatch.setattr(METHODS["mcc"], "loss", lambda self, batch: torch.zeros(2) @ torch.zeros(3))
    with pytest.raises(RuntimeError, match="size"):
        trained({"mcc": 1.0}, None)


def test_a_lock_of_a_dead_process_is_no_obstacle(tmp_path: Path) -> None:
    folder = tmp_path / "adapt-one"
    folder.mkdir()
    (folder / ".lock").touch()
    with resumable(tmp_path, "adapt", "two") as ours:
        assert not folder.exists() and ours.is_dir()
        assert FileLock(ours / ".lock").lock_file
