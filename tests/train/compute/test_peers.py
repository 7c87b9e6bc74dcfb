"""A process of a training whose peer has died ends within seconds in one line; its own errors keep their names."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.distributed as dist

from cad2real.errors import UserError
from train.compute.distributed import World
from train.compute.peers import PeerWatch, comes_from_peers, connect_all

REPOSITORY = Path(__file__).parents[3]
TRAINS = """
import ctypes, os, signal, sys
import torch
from cad2real.errors import UserError
from tests.train.methods.test_methods_adapt import CLASSES, SIZE, domains
from train.compute import peers
from train.compute.distributed import torchrun_world
from train.loop.adaptation import Adaptation, adapt
from train.methods.mcc import Mcc
from train.networks.new_network import new_network
from train.params import AdaptParams, TrainParams

usual, calls, how = Mcc.loss, [], sys.argv[1]
peers.GRACE_S = 1.0

def loss(self, batch):
    calls.append(1)
    if len(calls) == 3 and os.environ["RANK"] == "1":
        if how == "out of memory":
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
        os.kill(os.getpid(), signal.SIGKILL)
    if len(calls) == 3 and how == "while the other hears nothing":  # as in a kernel of NCCL
        ctypes.CDLL(None).sleep(100)
    return usual(self, batch)

Mcc.loss = loss
try:
    with torchrun_world() as world:
        stage = AdaptParams(methods={"mcc": 1.0}, source_only_share=0.0)
        params = TrainParams(image_size=SIZE, batch_size=4, epochs=1, steps_per_epoch=100, adapt=stage)
        network = new_network("test_efficientnet", "random", CLASSES, SIZE)
        adapt(Adaptation(network, *domains(), params, world=world), lambda *_: None)
except UserError as error:
    print(f"error: {error}", file=sys.stderr)
    sys.exit(1)
"""


def two_processes(script: Path, *words: str) -> list[tuple[int, str]]:
    """Exit code and standard error of each; they were started without torchrun, which would stop the other one."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    where = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
    common = os.environ | where | {"PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    running = [
        subprocess.Popen(
            [sys.executable, str(script), *words], env=common | {"RANK": str(rank)}, stderr=subprocess.PIPE, text=True
        )
        for rank in range(2)
    ]
    try:
        said = [process.communicate(timeout=90)[1] for process in running]  # a time-out of NCCL's would be longer
    finally:
        for process in running:
            process.kill()
    return [(process.returncode, text) for process, text in zip(running, said, strict=True)]


@pytest.mark.parametrize("how", ["killed", "while the other hears nothing"])
def test_a_killed_peer_ends_the_other_in_one_line(how: str, tmp_path: Path) -> None:
    script = tmp_path / "trains.py"
    script.write_text(TRAINS)
    (code, said), (killed, _) = two_processes(script, how)
    assert killed == -signal.SIGKILL and code == 1
    (line,) = [line for line in said.splitlines() if "error" in line.lower()]
    assert line.startswith("error: Process 1 of 2: another process of this training has ended or does not answer (")
    assert "the same command goes on after the last finished epoch" in line
    assert "Traceback" not in said and "terminate" not in said


def test_a_process_out_of_memory_says_so_and_the_other_that_it_is_gone(tmp_path: Path) -> None:
    script = tmp_path / "trains.py"
    script.write_text(TRAINS)
    (code, said), (code_of_other, said_by_other) = two_processes(script, "out of memory")
    assert code == code_of_other == 1
    assert "error: train adapt: out of memory in a training step with batch_size: 4." in said_by_other
    assert "another process" in said and "another process" not in said_by_other
    assert "Traceback" not in said + said_by_other


OWN = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError("CUDA error: device-side assert triggered"),
    RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    RuntimeError("mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)"),
    dist.DistBackendError("NCCL error: unhandled cuda error. Last error: Cuda failure 2 'out of memory'"),
    dist.DistBackendError("NCCL error: invalid usage. Last error: Duplicate GPU detected : rank 1 and rank 0"),
]
OF_PEERS = [
    RuntimeError("[gloo/transport/tcp/pair.cc:561] Connection closed by peer [127.0.0.1]:5517."),
    RuntimeError("[gloo/transport/tcp/unbound_buffer.cc:81] Timed out waiting 600000ms for recv operation"),
    dist.DistBackendError("NCCL error: remote process exited or there was a network error"),
    dist.DistNetworkError("The client socket has failed to connect to any network address of (node, 29500)."),
    dist.DistStoreError("Timed out after 601 seconds waiting for clients. 1/2 clients joined."),
]


@pytest.mark.parametrize("error", OWN, ids=str)
def test_own_errors_are_not_renamed(error: RuntimeError) -> None:
    assert not comes_from_peers(error)
    with pytest.raises(type(error)) as raised, World(1, 3).explained_peer_errors():
        raise error
    assert raised.value is error


@pytest.mark.parametrize("error", OF_PEERS, ids=str)
def test_errors_of_peers_are_said_in_one_line(error: RuntimeError) -> None:
    with pytest.raises(UserError, match=r"^Process 2 of 3: another process"), World(1, 3).explained_peer_errors():
        raise error


def connected_to(monkeypatch: pytest.MonkeyPatch, size: int) -> tuple[list[socket.socket], list[socket.socket]]:
    """The lead's connections in a world of `size`, and their other ends; a stranger had come first."""
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    ends: list[socket.socket] = []

    def from_lead(make):  # type: ignore[no-untyped-def]
        port, token = make()
        for words in (b"GET / HTTP/1.1\r\n" * 9, *[token] * (size - 1)):
            ends.append(socket.create_connection(("127.0.0.1", port)))
            ends[-1].sendall(words)
        return port, token

    connections = connect_all(0, size, from_lead)
    ends.pop(0).close()
    return connections, ends


def test_strangers_that_connect_are_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    connections, ends = connected_to(monkeypatch, 2)
    assert connections[0].getpeername()[1] == ends[0].getsockname()[1]
    watch = PeerWatch(0, 2, connections)
    watch.leave()
    assert ends[0].recv(9) == b"."
    for one in (*connections, *ends):
        one.close()


def test_the_lead_tells_the_others_at_once_that_one_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    connections, ends = connected_to(monkeypatch, 3)
    monkeypatch.setattr("train.compute.peers.GRACE_S", 100.0)
    watch = PeerWatch(0, 3, connections)
    ends[0].close()
    assert ends[1].recv(9) == b"!"
    watch.give_up()  # its own thread of work has noticed too
    for one in (*connections, ends[1]):
        one.close()
