"""The Ray cluster that renders: connecting to one, or starting one on this machine, and how many renderers fit."""

from __future__ import annotations

import importlib.util
import logging
import math
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cad2real.errors import UserError

START_TRIES = 3
"""On a loaded machine Ray's own processes may lose patience with each other (after a fixed quarter of a minute)."""
ANSWER_S = 10.0
_QUIETLY: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR, "configure_logging": False}


@dataclass(frozen=True)
class Cluster:
    """The cluster at `address` ("auto": the one this machine belongs to), or None: one on this machine alone."""

    address: str | None = None


@dataclass(frozen=True)
class Allocation:
    """What of the cluster is used: so many renderers of so many threads, each with this share of a graphics card."""

    renderers: int
    threads: int
    card: float


@contextmanager
def connected(cluster: Cluster) -> Iterator[None]:
    """Ray is connected within. Raises UserError where it is not installed or the cluster does not answer."""
    if importlib.util.find_spec("ray") is None:
        raise UserError(
            "render.farm is ray, but Ray is not installed.",
            "Install it (in cad2real's folder: pip install '.[ray]'), or set render.farm to local.",
        )
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray reads it when it is imported
    import ray

    ours = not ray.is_initialized()
    if ours:
        if cluster.address is None:
            _start()
        else:
            _connect(cluster.address)
    try:
        yield
    finally:
        if ours:
            ray.shutdown()


def _start() -> None:
    """Starts a cluster on this machine alone, which ends with this process."""
    import ray

    for left in reversed(range(START_TRIES)):
        try:
            ray.init(address="local", include_dashboard=False, **_QUIETLY)
            return
        except Exception as error:  # Ray raises plain ones here
            ray.shutdown()
            if not left:
                raise UserError(
                    f"Ray does not start: {_first_line(error)}", "Try again, or set render.farm to local."
                ) from None


def _connect(address: str) -> None:
    import ray

    if address.startswith("ray://"):
        raise UserError(
            f"render.ray_address {address!r} is one for Ray's client, which cannot bring renders back.",
            "Give HOST:PORT of the head node (usually port 6379), on a machine that belongs to the cluster.",
        )
    try:
        host, _, port = address.rpartition(":")
        if port.isdigit():  # Ray itself would try for minutes
            socket.create_connection((host, int(port)), ANSWER_S).close()
        ray.init(address=address, **_QUIETLY)
    except Exception as error:
        raise UserError(
            f"The Ray cluster at {address!r} does not answer: {_first_line(error)}.",
            "Check render.ray_address; this machine has to be part of the cluster (ray start --address=HOST:PORT).",
        ) from None


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def allocate(wanted: int | str, parts: int, device: str) -> Allocation:
    """How many renderers to start in the connected cluster: `wanted`, or one a graphics card, or one a core."""
    import ray

    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    cores = [int(node.get("CPU", 0)) for node in nodes]
    cards = int(sum(node.get("GPU", 0) for node in nodes)) if device != "cpu" else 0
    if not any(cores):
        raise UserError("The Ray cluster has no processor cores to give.", "Add a node: ray start --address=...")
    if isinstance(wanted, int):
        count = max(1, min(wanted, parts))
        # A renderer's threads have to fit on one node.
        threads = max(1, min(sum(cores) // count, min(number for number in cores if number)))
        return Allocation(count, threads, 1 / math.ceil(count / cards) if cards else 0)
    return Allocation(max(1, min(cards or sum(cores), parts)), 1, 1 if cards else 0)
