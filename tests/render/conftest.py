"""Small parts that every render test can use."""

from __future__ import annotations

from pathlib import Path

import pytest
import trimesh

from render.params import EnvironmentParams, RenderParams
from render.parts.catalogue import Part, make_catalogue
from render.views.settings import RenderSettings, make_settings


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
