"""Too little memory in words, whichever library noticed it: to allocate, to start a thread, or to load its own code."""

from __future__ import annotations

import errno
import os

from cad2real.disk_errors import causes
from cad2real.errors import UserError

WORDS = (
    "allocate memory",  # the system's own, PyTorch's
    "out of memory",
    "failed to map segment",  # the loader of libraries
    "can't start new thread",
)


def memory_error(error: BaseException) -> UserError | None:
    """What to do where `error`, or one that it came from, says that memory is short; None where none does.

    >>> print(memory_error(ImportError("libtorch_cpu.so: failed to map segment from shared object")))
    There is not enough memory (libtorch_cpu.so: failed to map segment from shared object). See to free memory (ulimit).
    >>> memory_error(ImportError("No module named 'torch'"))
    """
    for cause in causes(error):
        said = str(cause)
        is_short = isinstance(cause, MemoryError) or (
            isinstance(cause, OSError) and cause.errno in {errno.ENOMEM, errno.EAGAIN}
        )
        if is_short or any(words in said.lower() for words in WORDS):
            reason = (said.strip().splitlines() or [os.strerror(errno.ENOMEM)])[0][:200]
            return UserError(f"There is not enough memory ({reason}).", "See to free memory (ulimit).")
    return None
