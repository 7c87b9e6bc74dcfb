"""What a process that reads files of strangers may take: it lowers its own limits, so no file fills the machine."""

from __future__ import annotations

import contextlib
import math
import resource
import time
from collections.abc import Iterator
from pathlib import Path


def limit_memory(memory: int) -> None:
    """Lets this process reserve `memory` bytes more than it has now, and write no core file."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _lower(resource.RLIMIT_AS, _bytes_of("VmSize", "self") + memory)


def limit_cpu(seconds: int) -> None:
    """Lets this process compute for `seconds` from now on."""
    _lower(resource.RLIMIT_CPU, math.ceil(time.process_time()) + seconds)


@contextlib.contextmanager
def room_for(memory: int) -> Iterator[None]:
    """Within it all of this process may take `memory` bytes more than it has; more is a MemoryError, or the error of
    the library that asked.
    """
    before, hard = resource.getrlimit(resource.RLIMIT_DATA)
    _lower(resource.RLIMIT_DATA, _bytes_of("VmData", "self") + memory)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (before, hard))


def most_reserved(process: int | None = None) -> int:
    """Bytes of address space that a process (None: this one) had reserved when it had most; 0 where it is gone."""
    return _bytes_of("VmPeak", "self" if process is None else str(process))


def _bytes_of(entry: str, process: str) -> int:
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{entry}:")), 0)


def _lower(kind: int, most: int) -> None:
    """Lowers the soft limit `kind`, as far as the hard one allows."""
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
