"""Keeps two runs out of one folder of pictures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cad2real.errors import UserError


@contextmanager
def folder_lock(out: Path) -> Iterator[None]:
    """Keeps other runs out of `out`. The lock lies beside the folder, for all inside is output; it ends with the
    process. Raises UserError while another run holds it.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(beside(out, "lock"))
    try:
        with lock.acquire(timeout=0):
            yield
    except Timeout:
        raise UserError(
            f"Another run is rendering into {out}.", "Wait until it ends, or render into another folder."
        ) from None


def beside(out: Path, name: str) -> Path:
    """A hidden file beside the folder `out`."""
    return out.resolve().parent / f".{out.resolve().name}.{name}"
