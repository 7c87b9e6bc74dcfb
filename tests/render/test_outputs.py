"""Passes beside the pictures agree with the geometry, and exports say what the renders say."""

from __future__ import annotations

import json
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from cad2real.errors import UserError
from render.export import export, run_lengths
from render.params import RenderParams
from render.parts.catalogue import make_catalogue
from render.stage import FarmOptions, render_parts
from render.views.settings import make_settings

SIZE = 64


@pytest.fixture(scope="module")
def renders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two views of a box with a ball beside it (two bodies), with all passes."""
    folder = tmp_path_factory.mktemp("outputs")
    scene = trimesh.Scene()
    ball = trimesh.creation.icosphere(3, 4)
    ball.apply_translation((15, 0, 0))
    scene.add_geometry(trimesh.creation.box((20, 12, 8)), node_name="block", geom_name="block")
    scene.add_geometry(ball, node_name="knob", geom_name="knob")
    scene.apply_scale(0.001)  # GLB is in metres
    scene.export(folder / "both.glb")
    header = "part_id,label,file,material,surface,color,bodies"
    (folder / "parts.csv").write_text(f"{header}\nboth,thing,both.glb,plastic,matte,red,knob=brass polished\n")
    parts = list(make_catalogue(folder / "parts.csv", folder).parts)
    assert parts[0].size_mm == pytest.approx((29, 12, 8), abs=0.1)
    params = RenderParams(
        views=2, size=SIZE, quality="draft", variation=0.0, outputs=("depth", "normals", "mask", "bodies")
    )
    settings = make_settings(params, parts, folder)
    render_parts(parts, folder, settings, folder / "renders", FarmOptions(folder / "logs", 1))
    # The passes change nothing in the pictures.
    render_parts(parts, folder, replace(settings, outputs=()), folder / "plain", FarmOptions(folder / "logs", 1))
    for view in ("view_000.png", "view_001.png"):
        assert (folder / "plain" / "both" / view).read_bytes() == (folder / "renders" / "both" / view).read_bytes()
    return folder / "renders"


def views(renders: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads((renders / "both" / "part.json").read_text())["views"]
    return found


def test_depth_puts_every_pixel_back_onto_the_part(renders: Path) -> None:
    for view in views(renders):
        depth = np.asarray(Image.open(renders / "both" / str(view["depth_png"]))) * float(
            str(view["depth_png_step_mm"])
        )
        assert (renders / "both" / str(view["depth"])).stat().st_size > 1000
        rows, columns = np.nonzero(depth)
        assert len(rows) > 100
        rays = np.linalg.inv(np.array(view["intrinsics"])) @ np.stack([columns + 0.5, rows + 0.5, np.ones(len(rows))])
        matrix = np.array(view["extrinsics"])
        points = matrix[:, :3].T @ (rays * depth[rows, columns] - matrix[:, 3:] * 1000)
        in_block = np.abs(np.abs(points) - np.array([[10], [6], [4]])).min(0) < 0.05
        in_ball = np.abs(np.linalg.norm(points - np.array([[15], [0], [0]]), axis=0) - 4) < 0.1
        assert (in_block | in_ball).mean() > 0.99


def test_masks_bodies_and_normals_agree(renders: Path) -> None:
    for view in views(renders):
        mask, bodies, normals = (
            np.asarray(Image.open(renders / "both" / str(view[name]))) for name in ("mask", "bodies", "normals")
        )
        assert set(np.unique(mask)) == {0, 255}
        assert np.array_equal(mask > 0, bodies > 0)
        assert set(np.unique(bodies)) <= {0, 1, 2}
        alpha = np.asarray(Image.open(renders / "both" / str(view["file"])))[..., 3]
        assert ((alpha > 127) == (mask > 0)).mean() > 0.99
        directions = normals[mask > 0] / 255 * 2 - 1
        assert np.linalg.norm(directions, axis=1) == pytest.approx(np.ones(len(directions)), abs=0.03)
        assert directions[:, 2].max() < 0.3  # towards the camera, but for the ball's smoothed rim


def test_bodies_wear_their_own_materials(renders: Path) -> None:
    for view in views(renders):
        picture = np.asarray(Image.open(renders / "both" / str(view["file"])).convert("RGB")).astype(int)
        bodies = np.asarray(Image.open(renders / "both" / str(view["bodies"])))
        red_of = {
            n: np.median(picture[bodies == n][:, 0] - picture[bodies == n][:, 1])
            for n in (1, 2)
            if (bodies == n).sum() > 50
        }
        assert red_of.get(1, 99) > red_of.get(2, 0) + 20


def test_run_lengths_count_down_the_columns() -> None:
    mask = np.array([[0, 1, 1], [0, 0, 1]], bool)
    assert run_lengths(mask) == [2, 1, 1, 2]
    assert run_lengths(np.zeros((2, 2), bool)) == [4]
    assert run_lengths(np.ones((2, 2), bool)) == [0, 4]


def test_exports(renders: Path, tmp_path: Path) -> None:
    assert export(renders, "imagefolder", tmp_path / "folder") == 2
    assert sorted(path.name for path in (tmp_path / "folder" / "thing").iterdir()) == [
        "both_view_000.png",
        "both_view_001.png",
    ]
    export(renders, "coco", tmp_path / "coco")
    coco = json.loads((tmp_path / "coco" / "annotations.json").read_text())
    assert [category["name"] for category in coco["categories"]] == ["thing"]
    for image, annotation in zip(coco["images"], coco["annotations"], strict=True):
        assert (tmp_path / "coco" / "images" / image["file_name"]).is_file()
        counts = annotation["segmentation"]["counts"]
        assert (sum(counts), sum(counts[1::2])) == (SIZE * SIZE, annotation["area"])
    export(renders, "webdataset", tmp_path / "web")
    with tarfile.open(tmp_path / "web" / "shard-000000.tar") as shard:
        assert "both_view_001.json" in shard.getnames()
    export(renders, "bop", tmp_path / "bop")
    truth = json.loads((tmp_path / "bop" / "000001" / "scene_gt.json").read_text())
    assert len(truth["0"][0]["cam_R_m2c"]) == 9
    assert (tmp_path / "bop" / "000001" / "depth" / "000001.png").is_file()


def test_export_says_what_it_cannot_do(renders: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not known"):
        export(renders, "zip", tmp_path / "a")
    with pytest.raises(UserError, match="no renders"):
        export(tmp_path, "coco", tmp_path / "b")
    with pytest.raises(UserError, match="not an empty folder"):
        export(renders, "coco", renders)
