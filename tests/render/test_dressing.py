"""Rendered: views that draw their materials, exposure by metering, and pictures with nothing on them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from numpy.typing import NDArray
from PIL import Image

from cad2real.files import read_json
from render.blender.render_part import render_part
from render.job import Job
from render.parts.catalogue import Part, make_catalogue
from render.parts.geometry import GeometryError
from render.views.settings import RenderSettings


def rendered(
    part: Part, settings: RenderSettings, folder: Path, name: str
) -> tuple[list[NDArray[np.uint8]], dict[str, Any]]:
    """The pictures of `part` and its part.json."""
    (folder / name).mkdir()
    render_part(Job(part, folder / part.file, settings, 1, folder / name, "cpu"), 0, folder, lambda views: None)
    described = read_json(folder / name / "part.json")
    return [np.asarray(Image.open(folder / name / view["file"])) for view in described["views"]], described


def mean(picture: NDArray[np.uint8]) -> float:
    return float(np.average(picture[..., :3].mean(2), weights=picture[..., 3]))


def test_each_view_draws_what_is_left_open_and_keeps_what_is_said(
    parts: list[Part], settings: RenderSettings, tmp_path: Path
) -> None:
    said, silent = parts[1], replace(parts[1], color="")
    random = replace(settings, sampler="sphere_uniform")
    pictures, described = rendered(silent, random, tmp_path, "silent")
    materials = [view["materials"]["*"] for view in described["views"]]
    assert len(set(materials)) > 1
    assert all(material.startswith("plastic matte ") for material in materials)
    assert described["material"].startswith("plastic matte; left open: color; drawn for each view: plastic matte ")

    # A view is the same among more views, which are rendered in another order.
    more, described = rendered(silent, replace(random, views=5, environment_mode="white"), tmp_path, "more")
    fewer, _ = rendered(silent, replace(random, views=2, environment_mode="white"), tmp_path, "fewer")
    assert [view["materials"]["*"] for view in described["views"]][:3] == materials
    assert all(np.array_equal(*pair) for pair in zip(fewer, more, strict=False))

    pictures, described = rendered(said, random, tmp_path, "said")
    fixed, _ = rendered(said, replace(random, unknown="default"), tmp_path, "fixed")
    assert described["material"] == "plastic matte black"
    assert "materials" not in described["views"][0]
    assert all(np.array_equal(*pair) for pair in zip(pictures, fixed, strict=True))


def test_dark_parts_are_exposed_for_and_bright_ones_are_not(
    parts: list[Part], settings: RenderSettings, tmp_path: Path
) -> None:
    dim = replace(settings, environment_mode="grey", sampler="sphere_uniform")
    black, described = rendered(parts[1], dim, tmp_path, "black")
    assert all(0 < view["exposure_stops"] <= 4 for view in described["views"])
    assert all(20 < mean(picture) < 90 for picture in black)
    white, described = rendered(replace(parts[1], color="white"), dim, tmp_path, "white")
    assert all(view["exposure_stops"] == 0 for view in described["views"])
    assert all(mean(picture) > 100 for picture in white)


def test_a_sheet_that_is_as_thick_as_rounding_noise(settings: RenderSettings, tmp_path: Path) -> None:
    sheet = trimesh.creation.box((40, 30, 1e-6))
    sheet.apply_transform(trimesh.transformations.rotation_matrix(0.7, (1, 2, 0.3)))
    sheet.export(tmp_path / "sheet.stl")
    (tmp_path / "sheets.csv").write_text("part_id,file,material,surface\nsheet,sheet.stl,steel,plain\n")
    (part,) = make_catalogue(tmp_path / "sheets.csv", tmp_path).parts
    around = replace(settings, sampler="circular", elevation_deg=0.0, views=4)
    pictures, described = rendered(part, around, tmp_path, "sheet")
    assert len(pictures) == 4
    assert all(right > left and lower > upper for left, upper, right, lower in (v["box"] for v in described["views"]))


def test_a_part_that_cannot_be_seen_says_why(settings: RenderSettings, tmp_path: Path) -> None:
    glass = trimesh.creation.box((40, 30, 10))
    glass.visual = trimesh.visual.TextureVisuals(
        material=trimesh.visual.material.PBRMaterial(baseColorFactor=(1.0, 1.0, 1.0, 0.0), alphaMode="BLEND")
    )
    glass.export(tmp_path / "ghost.glb")
    (tmp_path / "ghosts.csv").write_text("part_id,file\nghost,ghost.glb\n")
    (part,) = make_catalogue(tmp_path / "ghosts.csv", tmp_path).parts
    with pytest.raises(GeometryError, match=r"nothing of the part is to be seen in view .* give it a material"):
        rendered(part, settings, tmp_path, "ghost")
