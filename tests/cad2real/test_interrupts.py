"""Ctrl-C ends the work also where a library that is just loading would swallow it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cad2real.interrupts import interrupts_held

REPOSITORY = Path(__file__).parents[2]
SWALLOWS = """
import os, signal
try:
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(1000):
        pass
except BaseException:
    print("swallowed", flush=True)
"""


def test_ctrl_c_while_trimesh_loads_is_not_lost(tmp_path: Path) -> None:
    """trimesh has some forty `except BaseException` around its imports."""
    package = tmp_path / "trimesh"
    (package / "exchange" / "gltf").mkdir(parents=True)
    for folder in (package / "exchange", package / "exchange" / "gltf"):
        (folder / "__init__.py").write_text("")
    (package / "__init__.py").write_text(SWALLOWS)
    (package / "exchange" / "gltf" / "extensions.py").write_text("register_handler = None\n")
    (package / "resolvers.py").write_text("class FilePathResolver: pass\n")
    done = subprocess.run(
        [sys.executable, "-c", "import render.parts.geometry; print('went on')"],
        env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{REPOSITORY}"},
        capture_output=True,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert done.stdout == ""
    assert "KeyboardInterrupt" in done.stderr


def test_ctrl_c_while_the_command_itself_loads_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    done = subprocess.run(
        [sys.executable, "-m", "cad2real", "doctor"],
        env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{REPOSITORY}"},
        capture_output=True,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "stopped.\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_was_set_before_holds_afterwards(number: signal.Signals) -> None:
    came: list[int] = []
    before = signal.signal(number, lambda number, frame: came.append(number))
    try:
        with interrupts_held():
            signal.raise_signal(number)
            signal.raise_signal(number)
            assert came == []
        assert came == [number]
        signal.raise_signal(number)
        assert came == [number, number]
    finally:
        signal.signal(number, before)


def test_in_another_thread_nothing_changes() -> None:
    handlers = []

    def work() -> None:
        with interrupts_held():
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert handlers == [signal.getsignal(signal.SIGINT)]
