"""Materials that GLB and GLTF files bring along: kept where the part list is silent, and never trusted."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from numpy.typing import NDArray
from PIL import Image
from trimesh.visual import TextureVisuals
from trimesh.visual.material import PBRMaterial

from render.blender.render_part import render_part
from render.job import Job
from render.materials.file_materials import NAME, file_materials_key, files_beside
from render.parts.catalogue import Part, make_catalogue
from render.parts.geometry import GeometryError, load_geometry
from render.views.description import content_key
from render.views.settings import RenderSettings

SIZE_M = 0.04


def textured(picture: Image.Image) -> trimesh.Trimesh:
    """A box whose texture lies upright on its front (-y): u along x, v up along z."""
    mesh = trimesh.creation.box((SIZE_M, SIZE_M, SIZE_M))
    uv = mesh.vertices[:, [0, 2]] / SIZE_M + 0.5
    mesh.visual = TextureVisuals(uv, material=PBRMaterial(baseColorTexture=picture, metallicFactor=0.0))
    return mesh


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """`quarters.glb`: a box with red above left, green above right, blue below; and a part list of it."""
    quarters = np.zeros((64, 64, 3), np.uint8)
    quarters[:32, :32], quarters[:32, 32:], quarters[32:] = (200, 10, 10), (10, 200, 10), (10, 10, 200)
    textured(Image.fromarray(quarters)).export(tmp_path / "quarters.glb")
    rows = "silent,quarters.glb,\nsaid,quarters.glb,copper\n"
    (tmp_path / "textured.csv").write_text("part_id,file,material\n" + rows)
    return tmp_path


def parts_of(folder: Path) -> dict[str, Part]:
    return {part.part_id: part for part in make_catalogue(folder / "textured.csv", folder).parts}


def picture_of(part: Part, settings: RenderSettings, folder: Path) -> tuple[NDArray[np.uint8], dict[str, object]]:
    """The picture of the part's front, and its part.json."""
    front = replace(settings, sampler="circular", elevation_deg=0.0, views=4, size=64, environment_mode="white")
    out = folder / f"renders_{part.part_id}"
    out.mkdir()
    render_part(Job(part, folder / part.file, front, 1, out), 0, folder, lambda views: None)
    described = json.loads((out / "part.json").read_text())
    # The camera that looks along +y.
    (view,) = [view for view in described["views"] if view["extrinsics"][2][1] > 0.99]
    return np.asarray(Image.open(out / view["file"])), described


def test_textures_are_kept_where_the_part_list_is_silent(folder: Path, settings: RenderSettings) -> None:
    parts = parts_of(folder)
    picture, described = picture_of(parts["silent"], settings, folder)
    assert described["material"] == NAME
    assert picture[20, 20, :3].argmax() == 0
    assert picture[20, 44, :3].argmax() == 1
    assert picture[44, 20, :3].argmax() == picture[44, 44, :3].argmax() == 2
    picture, described = picture_of(parts["said"], settings, folder)
    assert described["material"] == "copper plain"
    assert np.ptp(picture[20, 20, :3].astype(int) - picture[20, 44, :3]) < 40


def test_the_catalogue_says_what_is_kept(folder: Path, settings: RenderSettings) -> None:
    made = make_catalogue(folder / "textured.csv", folder)
    assert [(note.thing, note.reason) for note in made.notes] == [
        ("silent", "no material is given; the file's own materials are kept")
    ]
    silent = parts_of(folder)["silent"]
    bare = replace(silent, skin="")
    assert content_key(silent, settings) != content_key(bare, settings)  # it was steel before
    said = parts_of(folder)["said"]
    assert content_key(said, settings) == content_key(replace(said, skin=""), settings)
    drawn = replace(settings, materials="random")
    assert content_key(silent, drawn) == content_key(bare, drawn)


def test_colours_and_factors_without_textures(folder: Path, settings: RenderSettings) -> None:
    scene = trimesh.Scene()
    painted = trimesh.creation.box((0.02, 0.02, 0.02))
    painted.visual.vertex_colors = np.tile(np.array([[200, 10, 10, 255]], np.uint8), (len(painted.vertices), 1))
    gold = trimesh.creation.icosphere(2, 0.01)
    gold.visual = TextureVisuals(material=PBRMaterial(baseColorFactor=(255, 200, 20, 255), metallicFactor=1.0))
    scene.add_geometry(painted, node_name="painted")
    scene.add_geometry(gold, node_name="gold")
    scene.export(folder / "two.glb")
    geometry = load_geometry(folder / "two.glb", "mm", file_materials=True)
    materials = {body.name: body.material for body in geometry.bodies}
    assert materials["painted"] is not None
    assert materials["painted"].colors is not None
    assert materials["painted"].colors[0] == pytest.approx([200 / 255, 10 / 255, 10 / 255, 1], abs=0.01)
    assert materials["gold"] is not None
    assert materials["gold"].pbr.metallic == 1
    assert materials["gold"].color[:3] == pytest.approx([1, 200 / 255, 20 / 255], abs=0.01)
    assert all(body.material is None for body in load_geometry(folder / "two.glb", "mm").bodies)


def test_corners_keep_their_texture_when_triangles_are_turned(folder: Path) -> None:
    mesh = textured(Image.new("RGB", (4, 4)))
    mesh.faces = mesh.faces[:, ::-1]  # inside out
    mesh.export(folder / "inside_out.glb")
    (body,) = load_geometry(folder / "inside_out.glb", "mm", file_materials=True).bodies
    assert body.material is not None
    assert body.material.uv is not None
    assert body.corners is not None
    places = body.vertices[body.triangles][..., [0, 2]] / (SIZE_M * 1000) + 0.5
    assert body.material.uv[body.corners] == pytest.approx(places, abs=1e-4)


def test_a_texture_that_is_too_large_or_damaged_loses_the_part_with_its_reason(
    folder: Path, settings: RenderSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from render.materials.file_materials import TextureError

    monkeypatch.setattr("render.materials.file_materials.MAX_TEXTURE_PIXELS", 1000)
    with pytest.raises(GeometryError, match="64 x 64 pixels is larger than the limit"):
        load_geometry(folder / "quarters.glb", "mm", file_materials=True)
    monkeypatch.undo()
    raw = (folder / "quarters.glb").read_bytes()
    at = raw.index(b"IDAT") + 20
    (folder / "quarters.glb").write_bytes(raw[:at] + bytes(60) + raw[at + 60 :])
    with pytest.raises(TextureError, match="a texture cannot be read"):
        picture_of(parts_of(folder)["silent"], settings, folder)


def test_a_gltf_never_reads_outside_of_its_folder(folder: Path) -> None:
    (folder / "secret.png").write_bytes(b"")
    Image.new("RGB", (4, 4), (255, 0, 0)).save(folder / "secret.png")
    inner = folder / "inner"
    inner.mkdir()
    textured(Image.new("RGB", (4, 4))).export(inner / "a.gltf")
    described = json.loads((inner / "a.gltf").read_text())
    for outside in ("../secret.png", str(folder / "secret.png")):
        described["images"] = [{"uri": outside}]
        (inner / "a.gltf").write_text(json.dumps(described))
        (body,) = load_geometry(inner / "a.gltf", "mm", file_materials=True).bodies
        assert body.material is not None
        assert body.material.color_texture is None
    described["buffers"][0]["uri"] = "../secret.png"
    (inner / "a.gltf").write_text(json.dumps(described))
    with pytest.raises(GeometryError, match="cannot be read as GLTF"):
        load_geometry(inner / "a.gltf", "mm")


@pytest.mark.parametrize(
    "header",
    [
        '{"buffers": [{"uri": "a\\u0000b"}, {"uri": "\\ud800"}, {"uri": "' + "x" * 5000 + '"}, {"uri": 3}]}',
        '{"buffers": ' + "[" * 300_000 + "]" * 300_000 + "}",
        '{"buffers": [3]}',
        "[]",
        '{"buffers": {"uri": 1}}',
    ],
)
def test_names_that_no_file_can_have_name_none(tmp_path: Path, header: str) -> None:
    path = tmp_path / "part.gltf"
    path.write_text(header)
    assert files_beside(path, "buffers") == []
    assert file_materials_key(path) == ""
