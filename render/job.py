"""What passes between the farm and its workers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from render.parts.catalogue import Part
from render.scenes.settings import SceneSettings
from render.views.settings import RenderSettings


@dataclass(frozen=True)
class Job:
    """Render `part`, whose CAD is `file`, into the temporary `folder`, with `threads` threads on
    `device` ("auto", "cpu", "gpu").
    """

    part: Part
    file: Path
    settings: RenderSettings
    threads: int
    folder: Path
    device: str = "auto"

    @property
    def name(self) -> str:
        """What messages are about."""
        return self.part.part_id


@dataclass(frozen=True)
class SceneJob:
    """Render scene `number`, drawn from `parts` (files below `root`), into the temporary `folder`, and write the parts'
    models into `models`; `key` is the content key of the run, the rest as in Job.
    """

    number: int
    parts: tuple[Part, ...]
    root: Path
    settings: SceneSettings
    key: str
    threads: int
    folder: Path
    models: Path
    device: str = "auto"

    @property
    def name(self) -> str:
        """What messages are about."""
        return f"{self.number:06d}"


@dataclass(frozen=True)
class Started:
    part_id: str


@dataclass(frozen=True)
class ViewDone:
    """`views` views of the part are done."""

    part_id: str
    views: int


@dataclass(frozen=True)
class Done:
    """`device` is the name of what rendered it."""

    part_id: str
    device: str


@dataclass(frozen=True)
class Failed:
    """`retry` is False where a second try cannot help."""

    part_id: str
    reason: str
    retry: bool


Message = Started | ViewDone | Done | Failed
