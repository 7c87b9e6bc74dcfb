"""What a piece of work takes at its peak: measured in a process of its own, whatever other tests took before it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_SAY = """
import resource
_own = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(int(_own.split()[1]) // 1000, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1000)
"""
"""Of itself not getrusage: that peak is the one of the process that started it, where that was larger."""


def printed_and_peak_mb(script: str, *arguments: Path) -> tuple[str, int]:
    """What `script` prints, run with `arguments` as sys.argv[1:], and the most memory in MB that its process or one of
    those that it started and waited for held at once. Raises CalledProcessError when it fails.
    """
    done = subprocess.run(
        [sys.executable, "-c", script + _SAY, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    *printed, peaks = done.stdout.splitlines()
    return "\n".join(printed), max(map(int, peaks.split()))
