"""A renderer on a node of a Ray cluster. CAD, maps and pictures come to it as bytes, finished files leave so."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from render.farm.renderer import Renderer
from render.job import Done, Failed, Job, Message
from render.scratch import scratch_folder
from render.views.settings_files import with_files

Files = dict[str, bytes]
"""Contents by file name."""
LOG_BYTES = 100_000


@dataclass(frozen=True)
class RenderedPart:
    """A part that is done: its files, the device that rendered it, and what Blender printed meanwhile."""

    files: Files
    device: str
    log: str


@dataclass(frozen=True)
class NodeError:
    """Why a node cannot take part."""

    reason: str


def versions() -> str:
    """What has to be equal on all nodes for equal pixels."""
    from importlib.metadata import version

    from render.views.description import VERSION

    return f"bpy {version('bpy')}, renderer {VERSION}"


class NodeRenderer:
    """The actor: keeps one renderer process on its node and has it render one job at a time.

    `number` is its number in the cluster, `files` those of `settings_files`, `expected` the driver's `versions`.
    """

    def __init__(self, number: int, files: Files, expected: str) -> None:
        self._open = ExitStack()
        self._folder = self._open.enter_context(scratch_folder())
        self._number = number
        self._expected = expected
        self._renderer: Renderer[Job] | None = None
        self._files = _write(self._folder / "settings_files", files)
        self._log_bytes_sent = 0

    def start(self) -> NodeError | None:
        """Starts the renderer; returns why it cannot."""
        if versions() != self._expected:
            return NodeError(f"{socket.gethostname()} has {versions()}, this machine {self._expected}")
        # Each node's renderers count their graphics cards from 0: Ray shows an actor only its own.
        self._renderer = Renderer(self._folder / "logs", 0)
        return None

    def render(self, job: Job, cad: Files, view_limit_s: float) -> Iterator[Message | RenderedPart]:
        """Renders `job`, whose CAD file and those it refers to are `cad`: each view as it is done, then the rendered
        part or the failure. A renderer that is silent for `view_limit_s` is ended.
        """
        assert self._renderer is not None  # noqa: S101 - `start` comes first
        renderer = self._renderer
        shutil.rmtree(self._folder / "part", ignore_errors=True)
        _write(self._folder / "cad", cad)
        here = replace(
            job,
            file=self._folder / "cad" / job.file.name,
            settings=with_files(job.settings, self._files),
            folder=self._folder / "part",
        )
        renderer.submit(here)
        while renderer.job is not None:
            if not renderer.connection.poll(view_limit_s):
                renderer.kill()
            message = renderer.receive()
            if isinstance(message, Done):
                files = {path.name: path.read_bytes() for path in sorted(here.folder.iterdir())}
                yield RenderedPart(files, message.device, self._new_log())
            elif isinstance(message, Failed):
                reason = f"{message.reason} (on {socket.gethostname()})"
                yield replace(message, reason=reason.replace(str(self._folder), ""))
            else:
                yield message

    def close(self) -> None:
        """Ends the renderer and removes what it has on this node."""
        if self._renderer is not None:
            self._renderer.stop()
        self._open.close()

    def _new_log(self) -> str:
        assert self._renderer is not None  # noqa: S101
        text = self._renderer.log.read_bytes()
        new, self._log_bytes_sent = text[self._log_bytes_sent :], len(text)
        return new[-LOG_BYTES:].decode(errors="replace")


def _write(folder: Path, files: Files) -> dict[str, Path]:
    """Puts `files` into `folder` alone; returns where they are by name."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return {name: folder / name for name in files}
