"""Tables are those of docs/results.csv, the picture of the house that of the layers, NOTICE lists the dependencies."""

from __future__ import annotations

import importlib.util
import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["docs_tables", "house_diagram"])
def tool(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location(request.param, ROOT / "tools" / f"{request.param}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


def test_tables_and_picture_are_those_of_the_figures_and_the_layers(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [tool.__name__, "--check"])
    assert tool.main() == 0, "".join(capsys.readouterr())


@pytest.mark.parametrize("tool", ["docs_tables"], indirect=True)
def test_a_changed_figure_is_noticed(tool: ModuleType) -> None:
    results = tool.Results(tool.read(ROOT / tool.CSV))
    page = (ROOT / "docs" / "results.md").read_text()
    assert tool.filled(page.replace("| .989 |", "| .999 |"), results) == page
    assert tool.filled(page, results) == page


@pytest.mark.parametrize("tool", ["docs_tables"], indirect=True)
def test_figures_are_said_once(tool: ModuleType, tmp_path: Path) -> None:
    lines = (ROOT / tool.CSV).read_text().splitlines()
    twice = tmp_path / "results.csv"
    twice.write_text("\n".join([*lines, lines[1]]))
    with pytest.raises(ValueError, match="says twice"):
        tool.read(twice)


def test_licence_and_citation_name_this_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = (ROOT / "CITATION.cff").read_text()
    assert f"version: {project['version']}\n" in citation
    assert "license: Apache-2.0" in citation
    assert "APPENDIX: How to apply the Apache License to your work." in (ROOT / "LICENSE").read_text()


def test_notice_lists_every_direct_dependency_with_its_pin() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pins = dict(line.split()[0].split("==") for line in (ROOT / "requirements.lock").read_text().splitlines())
    rows = re.findall(r"^  ([\w.-]+) +(\S+) ", (ROOT / "NOTICE").read_text(), re.MULTILINE)
    listed = {name.lower(): version for name, version in rows}
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    for name in {re.split(r"[<>=\[; ]", each)[0].lower() for group in groups for each in group}:
        assert name in listed, f"NOTICE does not list {name}"
        if (pinned := canonicalize_name(name)) in pins:
            assert listed[name] == pins[pinned], f"NOTICE has another version of {name}"
