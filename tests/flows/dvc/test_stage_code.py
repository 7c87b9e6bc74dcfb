"""dvc.yaml names the code that a stage runs through: all of it, or old results pass for new ones, and no other, or a
change in the report makes renders stale. The truth is the import graph.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from functools import cache
from pathlib import Path
from typing import Any

import grimp
import pytest
import typer
import yaml

from cad2real.cli import app
from cad2real.params import Params

REPOSITORY = Path(__file__).parents[3]
STAGES = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]
ROOMS = ("flows", "photos", "render", "search", "train")
STARTED_AS_PROCESSES = {
    "render.blender.scenes": "render.parts.scene_files",
    "render.parts.usd_files": "render.parts.scene_files",
}
"""Modules that are started with `python -m` instead of being imported, and by which module."""
LOOKS_AT_RESULTS = {"render.contact_sheet", "render.list_report"}
"""Imported by a stage's command, but only for options that no stage uses."""
NO_CODE = ("data/", ".dvcignore")
"""What dependencies that are no code begin with."""

ONLY_WORDS = {"train.meanings"}
"""What is said of parameters, and the schema of a command that is no stage; nothing runs through them."""


@cache
def graph() -> grimp.ImportGraph:
    """Who imports whom, without the front desk (`cad2real`), which says how stages are called, not what they do."""
    found = grimp.build_graph(*ROOMS, exclude_type_checking_imports=True)
    for started, starter in STARTED_AS_PROCESSES.items():
        found.add_import(importer=starter, imported=started)
    return found


def function_of(command: str) -> Any:
    """The function behind `command`."""
    group: Any = typer.main.get_command(app)
    for word in [word for word in command.split()[1:] if not word.startswith("--")]:
        group = group.commands[word]
    return inspect.unwrap(group.callback)


def entries(command: str) -> set[str]:
    """The modules of the rooms that the function behind `command` ("cad2real train probe") imports."""
    function = function_of(command)
    found = set()
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        if isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                whole = f"{node.module}.{name.name}"
                found.add(whole if whole in graph().modules else node.module)
    return {module for module in found if module in graph().modules} - LOOKS_AT_RESULTS


def runs_through(stage: str) -> set[str]:
    """All modules that `stage` imports, directly or not, and the schema of its room."""
    start = entries(STAGES[stage]["cmd"])
    modules = start.union(*(graph().find_upstream_modules(module) for module in start))
    schema = f"{function_of(STAGES[stage]['cmd']).__module__.split('.')[0]}.params"
    return {module for module in modules - ONLY_WORDS if "." in module} | (
        {schema} if schema != "flows.params" else set()
    )


def listed(stage: str) -> dict[str, set[str]]:
    """The modules below each of the stage's code dependencies."""
    paths = [dep for dep in STAGES[stage]["deps"] if not dep.startswith(NO_CODE)]
    names = {path: path.removesuffix(".py").replace("/", ".") for path in paths}
    return {
        path: {module for module in graph().modules if module == name or module.startswith(f"{name}.")}
        for path, name in names.items()
    }


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_all_code_that_it_runs_through(stage: str) -> None:
    missing = runs_through(stage) - set().union(*listed(stage).values())
    assert not missing, f"add to the deps of {stage} in dvc.yaml and to the starter's: {sorted(missing)}"


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_no_other_code(stage: str) -> None:
    used = runs_through(stage)
    idle = [path for path, modules in listed(stage).items() if not modules & used]
    assert not idle, f"remove from the deps of {stage} in dvc.yaml and from the starter's: {idle}"


@pytest.mark.parametrize(
    ("changed", "fresh"),
    [
        ("flows.report.page", {"catalogue", "render", "find", "photos", "probe", "adapt", "evaluate", "index"}),
        ("train.losses.mcc", {"catalogue", "render", "find", "photos", "probe", "evaluate", "index", "report"}),
        ("render.blender.cycles", {"catalogue", "find", "photos", "probe", "adapt", "evaluate", "index", "report"}),
        ("render.export", set(STAGES)),
    ],
)
def test_a_change_leaves_other_stages_fresh(changed: str, fresh: set[str]) -> None:
    assert {stage for stage in STAGES if changed not in set().union(*listed(stage).values())} == fresh


def test_every_module_that_is_started_as_a_process_is_known() -> None:
    started = {
        node.value
        for path in [path for room in ROOMS for path in (REPOSITORY / room).rglob("*.py")]
        for command in ast.walk(ast.parse(path.read_text()))
        if isinstance(command, ast.List)
        for flag, node in zip(command.elts, command.elts[1:], strict=False)
        if isinstance(flag, ast.Constant) and flag.value == "-m" and isinstance(node, ast.Constant)
    }
    no_stages = {"cad2real", "dvc", "train.stages.score"}
    assert {str(name) for name in started} == no_stages | set(STARTED_AS_PROCESSES)


def test_a_change_of_the_finder_makes_no_training_of_a_classifier_stale_by_itself() -> None:
    """Only through the squares, if they are then others."""
    assert {stage for stage in STAGES if "train.find.network" in set().union(*listed(stage).values())} == {"find"}
    assert {stage for stage in STAGES if "find" in STAGES[stage].get("params", [])} == {"find"}


def test_what_a_stage_reads_of_params_yaml_are_its_blocks() -> None:
    read = {name for stage in STAGES.values() for name in stage.get("params", []) if isinstance(name, str)}
    assert {name.split(".")[0] for name in read} <= set(Params.model_fields)
