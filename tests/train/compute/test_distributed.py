"""Two real processes (gloo) train to the bytes that one trains to with two replicas; one that dies ends the run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml

from cad2real.errors import UserError
from cad2real.files import write_json
from cad2real.layout import Layout
from tests.train.conftest import CLASSES as NAMES
from tests.train.methods.test_methods_adapt import CLASSES, domains
from train.compute.distributed import ALONE, World, refuse_torchrun, torchrun_world
from train.loop.adaptation import Adaptation, adapt
from train.model import Model
from train.networks.new_network import new_network
from train.params import TrainParams
from train.stages import adapt as stage
from train.stages import finetune, probe

REPOSITORY = Path(__file__).parents[3]
SETTINGS = {
    "backbone": "test_efficientnet",
    "weights": "random",
    "image_size": 32,
    "batch_size": 5,  # cannot be halved
    "epochs": "auto",  # all processes end each phase where one alone does
    "steps_per_epoch": 2,
    "labels": "csv",  # a few photos with labels are in each step, the last of its images
    "probe": {"draws": 1},
    "finetune": {"most_steps": 6},
    "adapt": {
        "most_steps": 8,
        "source_only_share": 0.1,
        "target_statistics": "own",
        "fall_back": False,
        "methods": {
            "cdan": 0.1,
            "mcc": 1.0,
            "dan": 0.1,
            "self_training": 1.0,
            "prior_information": 1.0,
            "mic": 1.0,
            "drcn": 0.1,
            "sdat": 0.02,
        },
    },
}
DIES = """
import os, signal
import torch
from cad2real.cli import main
from train.methods.mcc import Mcc

usual, calls = Mcc.loss, []

def loss(self, batch):
    calls.append(1)
    if os.environ["RANK"] == "1" and len(calls) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return usual(self, batch)

Mcc.loss = loss
main()
"""


def torchrun(layout: Layout, *words: str) -> subprocess.CompletedProcess[str]:
    """Two processes with a replica each."""
    two = sorted(os.sched_getaffinity(0))[:2]
    return subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *words],
        cwd=layout.root,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"},
        preexec_fn=lambda: os.sched_setaffinity(0, two),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture
def shapes(project: Layout, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """A project with a trained probe; what this process trains it trains in two replicas."""
    for module in ("train.loop.adaptation", "train.networks.inference"):
        monkeypatch.setattr(f"{module}.replica_count", lambda: 2)
    labelled = [{"square": f"{number:05}.jpg", "label": label, "picture": ""} for number, label in enumerate(NAMES)]
    write_json(project.squares / "labels.json", {"labels": "csv", "feedback": False, "photos": labelled})
    project.params.write_text(yaml.safe_dump({"train": SETTINGS}, sort_keys=False))
    probe.run(project, settings())
    return project


def settings() -> TrainParams:
    return TrainParams.model_validate(SETTINGS)


def test_two_processes_end_as_one_also_when_one_was_killed(shapes: Layout, tmp_path: Path) -> None:
    stage.run(shapes, settings())
    folder = shapes.models / "adapt"
    alone = {path.name: path.read_bytes() for path in folder.iterdir()}
    for path in folder.iterdir():
        path.unlink()

    script = tmp_path / "dies.py"
    script.write_text(DIES)
    killed = torchrun(shapes, str(script), "train", "adapt")
    assert killed.returncode == 1 and not list(folder.iterdir())
    assert "error: Process 1 of 2" in killed.stderr and "another process" in killed.stderr
    assert "the same command goes on after the last finished epoch" in killed.stderr

    again = torchrun(shapes, "-m", "cad2real", "train", "adapt")
    assert again.returncode == 0, again.stderr
    assert again.stderr.count("train adapt: resumed at epoch 3.") == 1, "only the first process speaks"
    assert again.stderr.count("with falling rates") == 1
    assert again.stdout.count("adapt: 0.1 cdan") == 1
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == alone
    assert not list(shapes.cache.glob("adapt-*"))


def test_fine_tuning_by_two_processes_ends_as_by_one(shapes: Layout) -> None:
    finetune.run(shapes, settings())
    path = shapes.models / "finetune" / "model.safetensors"
    alone = path.read_bytes()
    path.unlink()
    said = torchrun(shapes, "-m", "cad2real", "train", "finetune")
    assert said.returncode == 0, said.stderr
    assert said.stdout.count("held-out source accuracy") == 1
    assert path.read_bytes() == alone
    assert Model.load(path.parent).description["stage"] == "finetune"


def test_shards_are_cut_evenly_and_cover_all_rows() -> None:
    rows = torch.arange(7)
    shards = [World(rank, 3).shard(rows) for rank in range(3)]
    assert torch.equal(torch.cat(shards), rows)
    assert [len(shard) for shard in shards] == [3, 2, 2]
    assert len(World(2, 3).shard(rows[:2])) == 0


def test_one_process_is_a_world_of_its_own() -> None:
    rows = torch.rand(3, 2)
    assert ALONE.leads and ALONE.gather(ALONE.shard(rows), 3) is not None
    assert torch.equal(ALONE.broadcast_tensor(rows), rows)
    assert ALONE.broadcast_from_lead(lambda: "said") == "said"
    with torchrun_world() as world:
        assert world == ALONE


def test_a_batch_smaller_than_the_world_is_refused() -> None:
    network = new_network("test_efficientnet", "random", CLASSES, 32)
    params = TrainParams(batch_size=4)
    with pytest.raises(UserError, match="batch_size: 4 cannot be shared by 5 processes"):
        adapt(Adaptation(network, *domains(), params, world=World(0, 5)), lambda *_: None)


def test_a_process_that_cannot_be_reached_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(*_: object, **__: object) -> None:
        raise RuntimeError("Connection closed by peer\nand a long trace")

    monkeypatch.setattr(torch.distributed, "broadcast", closed)
    with pytest.raises(UserError, match=r"Process 2 of 3: another process .* \(Connection closed by peer\)\. Its own"):
        World(1, 3).broadcast_tensor(torch.zeros(1))


def test_commands_of_one_process_refuse_torchrun(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_torchrun("cad2real train probe")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(UserError, match="`cad2real train probe` runs in one process"):
        refuse_torchrun("cad2real train probe")
