"""Keeps freed memory for the next step. glibc gives large blocks back at once, and the kernel clears them anew for each
layer: a quarter of a training step on a CPU went there.
"""

from __future__ import annotations

import ctypes

TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD, ARENA_MAX = -1, -2, -3, -8  # of mallopt(3)
SETTINGS = {
    ARENA_MAX: 1,  # threads share what they free
    MMAP_THRESHOLD: 32 << 20,  # the most that glibc takes
    TRIM_THRESHOLD: 2**31 - 1,
    TOP_PAD: 64 << 20,
}


def keep_freed_memory() -> None:
    """Call before threads start. Does nothing where the C library has no mallopt (macOS, Windows, musl)."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return
    for setting, value in SETTINGS.items():
        mallopt(setting, value)
