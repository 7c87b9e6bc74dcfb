"""The command line as a user meets it: quick help, an example everywhere, mistakes in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from cad2real.cli import app

HEAVY = {"bpy", "torch", "torchvision", "timm", "prefect", "dvc", "trimesh", "numpy", "PIL", "sklearn", "scipy"}


def commands() -> dict[str, str]:
    """The help text of every command, by its words ("train probe")."""

    def walk(command: Any, words: str) -> dict[str, str]:
        children: dict[str, Any] = getattr(command, "commands", {})
        if not children:
            return {words: command.help or ""}
        found: dict[str, str] = {words: command.help or ""} if words and command.invoke_without_command else {}
        for name, child in children.items():
            found |= walk(child, f"{words} {name}".strip())
        return found

    return walk(typer.main.get_command(app), "")


def cad2real(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cad2real", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_every_command_of_the_chain_is_there() -> None:
    chain = {"catalogue", "render", "photos", "train probe", "train adapt", "evaluate", "index", "search", "report"}
    assert chain | {"init", "run", "benchmark", "predict"} <= set(commands())


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_has_help_with_an_example(name: str) -> None:
    assert f"Example: cad2real {name}" in commands()[name]


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    script = (
        "import sys, cad2real.cli\n"
        "try:\n    cad2real.cli.app(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.stderr.strip().splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run"], "cad2real init"),
        (["benchmark", "--parts", "no.csv", "--photos", "."], "no.csv"),
        (["catalogue"], "--parts FILE"),
        (["catalogue", "--parts", "parts.csv"], "parts.csv does not exist"),
        (["search", "no.jpg"], ""),
        (["render", "--parts", "no.csv"], "--out"),
    ],
)
def test_a_mistake_is_one_clear_line(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = cad2real(tmp_path, *arguments)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("error: ")
    assert said in last
    assert "Traceback" not in done.stderr


def test_unknown_and_mistyped_parameters_are_all_named(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("render: {views: many, sizes: 3}\ntrian: {}\n")
    done = cad2real(tmp_path, "catalogue")
    assert done.returncode == 1
    for key in ("render.views", "render.sizes", "trian"):
        assert key in done.stderr
