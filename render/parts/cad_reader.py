"""CAD files of strangers, measured in a process that may be lost.

A damaged STEP file can end the process that reads it (a signal of the reader's C++), keep it busy for hours or fill the
memory. So files are read by a process of its own, with limits; it stays for the next file, and when it is lost, another
takes its place and only that file is given up.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Self

from cad2real.errors import UserError
from render.parts import scene_files
from render.parts.geometry import GeometryError, load_geometry
from render.parts.process_limits import MEMORY, limit_cpu, limit_memory, most_reserved

START_S = 600.0
WORN = 0.25
"""Of its memory: a process that has once held more than this reads no other file."""
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Limits:
    """What one file may take: `cpu_s` of computing (the slowest real parts at hand take 15), `wall_s` until it is taken
    for one that hangs (a busy machine gives a process a fifth of a core at least), `memory` in bytes.
    """

    cpu_s: int = 120
    wall_s: float = 600.0
    memory: int = MEMORY


@dataclass(frozen=True)
class Measured:
    """What a CAD file holds: its size in mm, its number of triangles, whether it has materials or colours of its own,
    and notes on what of it could not be read, or on those materials.
    """

    size_mm: tuple[float, float, float]
    triangles: int
    has_materials: bool = False
    notes: tuple[str, ...] = ()


class CadReader:
    """Measures CAD files one after the other; a context manager. The process starts with the first file."""

    def __init__(self, limits: Limits = Limits()) -> None:
        self._limits = limits
        self._process: multiprocessing.process.BaseProcess | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def measure(self, path: Path, units: str) -> Measured:
        """What the CAD file `path` holds; see `load_geometry`. Raises GeometryError, also when the reading
        process was lost over the file or went beyond a limit; UserError when it cannot be started at all.
        """
        if path.suffix.lower() in scene_files.FORMATS:
            return measure_here(path, units)  # Blender reads these, in a process of its own
        if self._process is None or not self._process.is_alive():
            self._start()
        try:
            self._connection.send((path, units))
            answer, worn = self._connection.recv() if self._connection.poll(self._limits.wall_s) else (None, True)
        except (EOFError, OSError):
            raise GeometryError(f"{path.name}: {self._loss()}") from None
        if worn:
            self.close()
        if answer is None:
            raise GeometryError(
                f"{path.name}: was not read after {self._limits.wall_s:.0f} s; export it again, or simpler"
            )
        if isinstance(answer, GeometryError):
            raise answer
        measured: Measured = answer
        return measured

    def close(self) -> None:
        """Ends the process, at work or not."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._connection.close()
            self._process = None

    def _start(self) -> None:
        self.close()
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self._limits), daemon=True)
        process.start()  # where the system has no room for one, there is nothing to end
        self._process = process
        theirs.close()
        with suppress(EOFError, OSError):
            if self._connection.poll(START_S) and self._connection.recv():
                return
        self.close()
        raise UserError("The process that reads CAD does not start.", "Say `cad2real doctor`, or see to free memory.")

    def _loss(self) -> str:
        """Why the process is gone, with the remedy."""
        assert self._process is not None  # noqa: S101 - it was given a file
        self._process.join(10)
        code = self._process.exitcode
        self.close()
        if code == -signal.SIGXCPU:
            return f"took more than {self._limits.cpu_s} s of computing; export it again, or simpler"
        name = signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"
        return f"the reader of CAD crashed on it ({name}); it is damaged or too complex; export it again"


def _serve(connection: Connection, limits: Limits) -> None:
    """The process: reads files until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    _end_with_parent()
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    import cascadio  # noqa: F401 - libraries are loaded before limits count
    import trimesh  # noqa: F401

    reserved = limit_memory(limits.memory)
    connection.send(True)
    while True:
        try:
            path, units = connection.recv()
        except (EOFError, OSError):
            return
        limit_cpu(limits.cpu_s)
        answer = _answer(path, units, limits)
        # What a file took is not all given back: after a large one the next would find less than its share.
        connection.send((answer, most_reserved() - reserved > limits.memory * WORN))


def _answer(path: Path, units: str, limits: Limits) -> Measured | GeometryError:
    """What `path` measures, or why it cannot be read."""
    try:
        return measure_here(path, units)
    except GeometryError as error:
        return error
    except MemoryError:
        gigabytes = limits.memory / 1024**3
        return GeometryError(f"{path.name}: takes more than {gigabytes:.3g} GB of memory to read; export it coarser")
    except OSError as error:
        return GeometryError(f"{path.name}: cannot be read ({error.strerror}); see to its rights and its disk")
    except ImportError as error:  # of a library that is loaded when the file needs it
        return GeometryError(f"{path.name}: was not read, its reader does not load ({error}); see to free memory")
    except RecursionError:
        return GeometryError(f"{path.name}: is nested too deeply; export it again")


def measure_here(path: Path, units: str) -> Measured:
    """What the CAD file `path` holds, read in this process. Raises GeometryError."""
    read = load_geometry(path, units, file_materials=True)
    x, y, z = (round(float(side), 6) for side in read.size_mm)
    has_materials = any(body.material is not None for body in read.bodies)
    return Measured((x, y, z), read.triangles, has_materials, read.notes)


def _end_with_parent() -> None:
    """Even where the parent is killed with -9 while a file keeps this process busy: Linux sees to it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = multiprocessing.parent_process()
    if parent is None or os.getppid() != parent.pid:  # it ended before
        os._exit(1)
