"""The other processes of a training run: which errors say that one of them is gone, and a watch that notices it.

A process that waits for a dead one in a collective learns of it in seconds on CPUs, where gloo's connection closes, but
not on GPUs: NCCL's kernel waits on the card until the time-out, and neither an exception nor a signal handler runs
meanwhile. So each process also holds an idle connection to the lead, and a thread waits on it.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
import selectors
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import torch
import torch.distributed as dist

from cad2real.errors import UserError
from cad2real.quoting import quoted
from train.compute.out_of_memory import MESSAGES as OUT_OF_MEMORY

GRACE_S = 5.0  # how long a process has to say by itself that another one is gone
GOODBYE, ALARM = b".", b"!"
TOKEN_BYTES = 32
CONNECT_S = 60.0
KEEPALIVE = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}
REMEDY = "Its own message, or torchrun's, says why; the same command goes on after the last finished epoch."
# What gloo, NCCL and the store say, all in RuntimeErrors, of this process's own mistakes and of its peers.
OWN = (*OUT_OF_MEMORY, "cuda error", "unhandled cuda error", "invalid usage", "invalid argument", "duplicate gpu")
PEERS = (
    "closed by peer", "reset by peer", "connection refused", "connection was", "broken pipe", "timed out", "timeout",
    "remote process", "remote error", "aborted",
)  # fmt: skip


def comes_from_peers(error: RuntimeError) -> bool:
    """Whether what a collective raised says that another process has ended or does not answer.

    >>> comes_from_peers(RuntimeError("[gloo/transport/tcp/pair.cc:561] Connection closed by peer [127.0.0.1]:29101"))
    True
    >>> comes_from_peers(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB"))
    False
    """
    text = str(error).lower()
    if isinstance(error, torch.OutOfMemoryError) or any(words in text for words in OWN):
        return False
    return isinstance(error, dist.DistError) or any(words in text for words in PEERS)


def gone(rank: int, size: int, reason: str) -> UserError:
    """What process `rank` of `size` says when another one is gone, with the `reason` it has to believe that."""
    return UserError(
        f"Process {rank + 1} of {size}: another process of this training has ended or does not answer ({reason}).",
        REMEDY,
    )


class PeerWatch:
    """Ends this process with one line and exit code 1 when another one has ended without `leave`, and this process has
    not noticed within GRACE_S. `connections` are sockets to the processes that are watched (`connect_all`).
    """

    def __init__(self, rank: int, size: int, connections: Sequence[socket.socket]) -> None:
        self._rank, self._size, self._connections = rank, size, connections
        self._leaving = threading.Event()
        self._woken, self._wake = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="peer watch", daemon=True)
        self._thread.start()

    def leave(self) -> None:
        """Ends the watch where the work is done: the others are told so."""
        self._tell(GOODBYE)
        self.give_up()

    def give_up(self) -> None:
        """Ends the watch of a process that has failed: it says why, and the others notice when it ends."""
        self._leaving.set()
        self._wake.close()
        self._thread.join()
        self._woken.close()

    def _tell(self, word: bytes) -> None:
        for connection in self._connections:
            with suppress(OSError):  # it is gone
                connection.sendall(word)

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            for connection in (self._woken, *self._connections):
                selector.register(connection, selectors.EVENT_READ)
            while not self._leaving.is_set():
                for key, _ in selector.select():
                    if key.fileobj is not self._woken and self._has_ended(key.fileobj):
                        self._end_unless_noticed()
                    selector.unregister(key.fileobj)

    @staticmethod
    def _has_ended(connection: Any) -> bool:
        """Whether the process at the other end has, without a good-bye, or knows of one that has."""
        try:
            return bool(connection.recv(len(GOODBYE)) != GOODBYE)
        except OSError:
            return True

    def _end_unless_noticed(self) -> None:
        self._tell(ALARM)  # the lead's, to the processes that have no connection to the one that is gone
        if self._leaving.wait(GRACE_S):
            return
        said = gone(self._rank, self._size, "its connection has closed")
        print(quoted(f"error: {said}"), file=sys.__stderr__, flush=True)
        os._exit(1)  # the main thread may wait for the card, and hears nothing


def connect_all(rank: int, size: int, from_lead: Callable[[Callable[[], Any]], Any]) -> list[socket.socket]:
    """Sockets between the lead (rank 0) and each other process: on the lead one to each of them, on others one. So when
    any process ends the lead does, and then all. `from_lead(make)` returns on each process what `make` returns on the
    lead. Strangers that connect are turned away: they do not know the token.
    """
    if rank:
        port, token = from_lead(tuple)
        connection = socket.create_connection((os.environ["MASTER_ADDR"], port), CONNECT_S)
        connection.sendall(token)
        connections = [connection]
    else:
        with _listening() as server:
            server.settimeout(CONNECT_S)
            token = secrets.token_bytes(TOKEN_BYTES)
            from_lead(lambda: (server.getsockname()[1], token))
            connections = []
            while len(connections) < size - 1:
                connection = server.accept()[0]
                connection.settimeout(CONNECT_S)
                if hmac.compare_digest(connection.recv(TOKEN_BYTES, socket.MSG_WAITALL), token):
                    connections.append(connection)
                else:
                    connection.close()
    for connection in connections:
        connection.settimeout(None)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # a node without power closes no connection
        for option, seconds in KEEPALIVE.items():
            if hasattr(socket, option):
                connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), seconds)
    return connections


def _listening() -> socket.socket:
    """A server on a free port, for IPv6 too where the machine has it."""
    try:
        return socket.create_server(("", 0), family=socket.AF_INET6, dualstack_ipv6=True)
    except (OSError, ValueError):
        return socket.create_server(("", 0))


def reason(error: Exception) -> str:
    """What an error says, in one line, without the place in PyTorch's sources that it begins with.

    >>> reason(RuntimeError("[/build/gloo/pair.cc:561] Connection closed by peer [127.0.0.1]:29101. Check the logs."))
    'Connection closed by peer [127.0.0.1]:29101. Check the logs'
    """
    first = (str(error).splitlines() or [type(error).__name__])[0]
    return re.sub(r"^\[[^]]*\] *", "", first).rstrip(".")
