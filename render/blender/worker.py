"""A renderer process: takes parts from a pipe, one at a time, and renders them. Started by render.farm."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import traceback
from contextlib import suppress
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from pathlib import Path

from render.job import Done, Failed, Job, SceneJob, Started, ViewDone
from render.materials.file_materials import TextureError
from render.materials.library import LibraryError
from render.parts.geometry import GeometryError
from render.scratch import scratch_folder

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Of the GNU C library's mallopt."""
LARGE_BLOCK_BYTES = 128 * 1024


def work(connection: Connection, log: Path, number: int) -> None:
    """Renders jobs until the pipe closes or sends None, as worker `number`. What Blender prints goes to `log`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    _redirect(log)
    _drop_blender_paths()
    _return_freed_memory()
    with scratch_folder() as scratch:
        while True:
            try:
                job: Job | SceneJob | None = connection.recv()
            except EOFError:
                return
            if job is None:
                return
            _render_job(job, connection, scratch, number)


def _render_job(job: Job | SceneJob, connection: Connection, scratch: Path, number: int) -> None:
    from render.blender.device import NoGpuError
    from render.blender.render_part import render_part
    from render.blender.tabletop.render_scene import render_scene

    def progress(views: int) -> None:
        parent = parent_process()
        if parent is not None and not parent.is_alive():
            os._exit(1)
        connection.send(ViewDone(job.name, views))

    connection.send(Started(job.name))
    print(f"--- {job.name}", flush=True)
    try:
        job.folder.mkdir(parents=True)
        if isinstance(job, SceneJob):
            device = render_scene(job, number, scratch, progress)
        else:
            device = render_part(job, number, scratch, progress)
        connection.send(Done(job.name, device))
    except (GeometryError, TextureError, LibraryError, NoGpuError) as error:
        connection.send(Failed(job.name, str(error), retry=False))
    except Exception as error:
        traceback.print_exc()
        connection.send(Failed(job.name, f"{type(error).__name__}: {error}", retry=True))


def _drop_blender_paths() -> None:
    """A process that uses Blender itself hands its search path on, and there bpy's inner modules come before bpy."""
    sys.path[:] = [entry for entry in sys.path if "bpy" not in (parent.name for parent in Path(entry).parents)]


def _return_freed_memory() -> None:
    """Has the C library hand large blocks back as soon as they are free; by itself it keeps ever larger ones."""
    with suppress(OSError, AttributeError):  # only the GNU library has it
        library = ctypes.CDLL(None)
        for option in (M_MMAP_THRESHOLD, M_TRIM_THRESHOLD):
            library.mallopt(option, LARGE_BLOCK_BYTES)


def _redirect(log: Path) -> None:
    """Sends this process' standard output and error to `log`, C++ libraries included."""
    log.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.close(handle)
