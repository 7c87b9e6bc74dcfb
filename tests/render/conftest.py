"""Small parts that every render test can use."""

from __future__ import annotations

from pathlib import Path

import pytest
import trimesh

from render.params import EnvironmentParams, RenderParams
from render.parts.cad_reader import CadReader, measure_here
from render.parts.catalogue import Part, make_catalogue
from render.views.settings import RenderSettings, make_settings


@pytest.fixture(autouse=True)
def reads_cad_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests' own CAD is read in their process: starting another takes seconds. tests/render/parts/test_cad_reader
    is about that process.
    """
    if "test_cad_reader" not in request.node.nodeid:
        monkeypatch.setattr(CadReader, "measure", lambda reader, path, units: measure_here(path, units))


@pytest.fixture
def parts(tmp_path: Path) -> list[Part]:
    """A brass plate with a boss and a black cylinder, in `tmp_path`."""
    boss = trimesh.creation.cylinder(4, 10)
    boss.apply_translation((8, 0, 6))
    trimesh.util.concatenate([trimesh.creation.box((40, 20, 2)), boss]).export(tmp_path / "plate.stl")
    trimesh.creation.cylinder(5, 30).export(tmp_path / "rod.stl")
    rows = "part_id,file,material,surface,color\nplate,plate.stl,brass,brushed,\nrod,rod.stl,plastic,matte,black\n"
    (tmp_path / "parts.csv").write_text(rows)
    return list(make_catalogue(tmp_path / "parts.csv", tmp_path).parts)


@pytest.fixture
def settings(parts: list[Part], tmp_path: Path) -> RenderSettings:
    """Three small quick views, two of them resting."""
    return make_settings(
        RenderParams(
            views=3,
            size=48,
            sampler={"resting": 0.7, "sphere_equidistant": 0.3},
            quality="draft",
            environments=EnvironmentParams(mode="cycle"),
        ),
        parts,
        tmp_path,
    )
