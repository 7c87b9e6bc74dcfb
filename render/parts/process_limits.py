"""What a process that reads files of strangers may take: it lowers its own limits, so no file fills the machine."""

from __future__ import annotations

import resource
import time
from pathlib import Path

MEMORY = 4 * 1024**3
"""Bytes that one file may take beside what the libraries that read it have reserved."""


def limit_memory(memory: int) -> int:
    """Lets this process reserve `memory` bytes more than it has now, and write no core file. Returns what it has."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    reserved = _bytes_of("VmSize")
    _lower(resource.RLIMIT_AS, reserved + memory)
    return reserved


def limit_cpu(seconds: int) -> None:
    """Lets this process compute for `seconds` from now on."""
    _lower(resource.RLIMIT_CPU, int(time.process_time()) + seconds)


def most_reserved() -> int:
    """Bytes of address space that this process had reserved when it had most."""
    return _bytes_of("VmPeak")


def _bytes_of(entry: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{entry}:"))


def _lower(kind: int, most: int) -> None:
    """Lowers the soft limit `kind`, as far as the hard one allows."""
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
