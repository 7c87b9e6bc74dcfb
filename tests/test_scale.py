"""The figures of docs/explanation/scale.md are those of tools/simulate_scale.py, and the simulated farm behaves."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("simulate_scale", ROOT / "tools" / "simulate_scale.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


def test_without_deaths_and_spread_the_clock_is_work_through_cores(tool: ModuleType) -> None:
    figures = tool.Figures(views=9, spread=0.0, worker_deaths=0.0, node_deaths_per_hour=0.0, cores_per_node=10)
    farm = tool.simulate(200, 2, figures)  # 200 parts of 19 s on 20 cores
    assert farm.hours == pytest.approx(190 / 3600)
    assert (farm.busy, farm.retried, farm.lost) == (pytest.approx(1.0), 0, 0)


def test_deaths_are_retried_once(tool: ModuleType) -> None:
    farm = tool.simulate(10_000, 1, tool.Figures(worker_deaths=0.1))
    assert farm.retried == pytest.approx(1000, rel=0.1)
    assert farm.lost == pytest.approx(100, rel=0.3)


def test_the_documented_figures_are_the_computed_ones(tool: ModuleType) -> None:
    written = (ROOT / "docs" / "explanation" / "scale.md").read_text()
    for name, value in tool.plan(10_000, 1, tool.Figures()).items():
        assert f"| {name}" in written
        assert f"| {value} |" in written
