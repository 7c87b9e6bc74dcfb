"""A world of one process goes through the collectives of many: gloo here, NCCL in test_nccl_alone.py."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import torch.distributed as dist

from tests.train.methods.test_methods_adapt import CLASSES, SIZE, domains
from train.compute.distributed import ALONE, World, connected
from train.loop.adaptation import Adaptation, adapt
from train.loop.checkpoint import Checkpoint
from train.networks.classifier import Classifier
from train.networks.new_network import new_network
from train.params import AdaptParams, TrainParams

METHODS = {"cdan": 0.1, "mcc": 1.0, "mic": 1.0, "self_training": 1.0, "sdat": 0.02}


@pytest.fixture
def device() -> torch.device:
    return torch.device("cpu")


@pytest.fixture
def world(device: torch.device, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    if device.type == "cpu":
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    where = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "RANK": "0", "WORLD_SIZE": "1"}
    for name, value in where.items():
        monkeypatch.setenv(name, value)
    with connected(World(0, 1), None if device.type == "cpu" else device) as one:
        yield one


def test_what_is_sent_comes_back(world: World, device: torch.device) -> None:
    assert world.connected and not ALONE.connected
    rows = torch.rand(5, 3, device=device)
    assert torch.equal(world.gather(world.shard(rows), 5), rows)
    assert torch.equal(world.broadcast_tensor(rows.clone()), rows)
    assert world.broadcast_from_lead(lambda: {"said": [1, None]}) == {"said": [1, None]}
    with world.lead_first():
        pass


def test_tensors_arrive_with_names_shapes_types_and_bytes(world: World, device: torch.device) -> None:
    sent = {
        "weight": torch.rand(3, 2, 2, 2, device=device).to(memory_format=torch.channels_last),
        "rough": torch.rand(4).bfloat16(),
        "steps": torch.tensor(7.0),
        "count": torch.tensor([2**40, -1]),
        "mask": torch.tensor([True, False]),
        "none": torch.zeros(0, 3),
        "rng": torch.get_rng_state(),
    }
    received = world.broadcast_tensors(sent)
    assert list(received) == list(sent)
    for name, value in sent.items():
        assert received[name].dtype == value.dtype and torch.equal(received[name], value.cpu()), name


class Killed(Exception):
    pass


def new() -> Classifier:
    torch.manual_seed(0)
    return new_network("test_efficientnet", "random", CLASSES, SIZE)


def trained(world: World, path: Path | None = None, stop: int = 2, **changes: int) -> Classifier:
    """Two epochs of two steps; killed in epoch number `stop`, where it is less, when those before it are kept."""

    def on_epoch(epoch: int, *_: object) -> None:
        if epoch == stop:
            raise Killed

    network = new()
    stage = AdaptParams(methods=METHODS, source_only_share=0.3, frozen_blocks=1)
    size = {"image_size": SIZE, "batch_size": 4, "epochs": 2, "steps_per_epoch": 2}
    params = TrainParams(precision="float32", adapt=stage, **size, **changes)
    checkpoint = Checkpoint(path) if path else None
    adapt(Adaptation(network, *domains(), params, world=world), on_epoch, checkpoint)
    return network


@pytest.mark.parametrize("pieces", [1, 3])
def test_training_ends_as_without_collectives(
    world: World, device: torch.device, pieces: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gradients of several passes are summed once, in the last one, and whatever the batch's pieces are."""
    monkeypatch.setattr("train.loop.adaptation.replica_count", lambda: 1)
    plain, with_collectives = (trained(one, gradient_accumulation=pieces) for one in (ALONE, world))
    assert_same_weights(plain, with_collectives, device)


def test_a_checkpoint_arrives_without_being_pickled(
    world: World, device: torch.device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("train.loop.adaptation.replica_count", lambda: 1)
    path, usual, sent = tmp_path / "run.safetensors", dist.broadcast_object_list, []
    with pytest.raises(Killed):
        trained(ALONE, path, stop=1)
    assert Checkpoint(path).epochs == 1

    def noted(objects: list[object], *rest: object) -> None:
        sent.extend(objects)
        usual(objects, *rest)

    monkeypatch.setattr(dist, "broadcast_object_list", noted)
    assert_same_weights(trained(world, path), trained(ALONE), device)
    assert any("optimizer.0.exp_avg" in str(said) for said in sent)
    assert "torch.Tensor" not in json.dumps(sent), "json knows names, shapes and types, and no tensors"


def assert_same_weights(one: Classifier, other: Classifier, device: torch.device) -> None:
    """To the bit on a CPU. On a GPU sums come in any order, and AdamW makes whole steps of what is hardly a gradient:
    there both have to have moved the same way, but for a tenth.
    """
    ours, theirs = (torch.cat([value.detach().flatten() for value in each.parameters()]) for each in (one, other))
    if device.type == "cpu":
        assert torch.equal(ours, theirs)
        return
    start = torch.cat([value.detach().flatten() for value in new().parameters()])
    moved = float((theirs - start).norm())
    assert moved > 0 and float((ours - theirs).norm()) < 0.1 * moved
