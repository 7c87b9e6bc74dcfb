"""CAD files of strangers, measured in a process that may be lost (`cad2real.guarded_process`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from cad2real.files import parse_json
from cad2real.guarded_process import GivenUpError, GuardedProcess, Limits
from render.parts import scene_files
from render.parts.geometry import GeometryError, load_geometry

LIMITS = Limits(cpu_s=120, wall_s=600.0, memory=scene_files.MEMORY)
"""Of one file: the slowest real parts at hand take 15 s of computing, and a busy machine gives a process a fifth of a
core at least."""


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

    def __init__(self, limits: Limits = LIMITS) -> None:
        self._limits = limits
        self.process: GuardedProcess[tuple[Path, str]] = GuardedProcess("reads CAD", prepare, limits)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.process.close()

    def measure(self, path: Path, units: str) -> Measured:
        """What the CAD file `path` holds; see `load_geometry`. Raises GeometryError, also when the reading
        process was lost over the file or went beyond a limit; UserError when it cannot be started at all.
        """
        if path.suffix.lower() in scene_files.FORMATS:
            return measure_here(path, units)  # Blender reads these, in a process of its own
        try:
            answer = parse_json(self.process.ask((path, units)))
        except GivenUpError as error:
            raise GeometryError(f"{path.name}: {_why(error, self._limits)}") from None
        if "fault" in answer:
            raise GeometryError(answer["fault"])
        x, y, z = answer["size_mm"]
        return Measured((x, y, z), answer["triangles"], answer["has_materials"], tuple(answer["notes"]))


def _why(error: GivenUpError, limits: Limits) -> str:
    """Why there is no answer, with the remedy."""
    if error.reason == "time":
        return f"was not read after {limits.wall_s:.0f} s; export it again, or simpler"
    if error.reason == "computing":
        return f"took more than {limits.cpu_s} s of computing; export it again, or simpler"
    if error.reason == "memory":
        return f"takes more than {limits.memory / 1024**3:.3g} GB of memory to read; export it coarser"
    return f"the reader of CAD crashed on it ({error.detail}); it is damaged or too complex; export it again"


def prepare() -> Callable[[tuple[Path, str]], Iterator[bytes]]:
    """The work of the process, with its libraries loaded."""
    import cascadio  # noqa: F401
    import trimesh  # noqa: F401

    return _answers


def _answers(question: tuple[Path, str]) -> Iterator[bytes]:
    yield json.dumps(_answer(*question)).encode()


def _answer(path: Path, units: str) -> dict[str, object]:
    """What `path` measures, or why it cannot be read."""
    try:
        return asdict(measure_here(path, units))
    except GeometryError as error:
        return {"fault": str(error)}
    except OSError as error:
        return {"fault": f"{path.name}: cannot be read ({error.strerror}); see to its rights and its disk"}
    except ImportError as error:  # of a library that is loaded when the file needs it
        return {"fault": f"{path.name}: was not read, its reader does not load ({error}); see to free memory"}
    except RecursionError:
        return {"fault": f"{path.name}: is nested too deeply; export it again"}


def measure_here(path: Path, units: str) -> Measured:
    """What the CAD file `path` holds, read in this process. Raises GeometryError."""
    read = load_geometry(path, units, file_materials=True)
    x, y, z = (round(float(side), 6) for side in read.size_mm)
    has_materials = any(body.material is not None for body in read.bodies)
    return Measured((x, y, z), read.triangles, has_materials, read.notes)
