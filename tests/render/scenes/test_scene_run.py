"""`cad2real scenes` from a part list to exports that other tools read; killed, it goes on where it was."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import trimesh
import yaml
from PIL import Image
from pycocotools import mask as rle
from pycocotools.coco import COCO

from render.parts.catalogue import Part

ROOT = Path(__file__).parents[3]


def command(folder: Path, *more: str) -> list[str]:
    words = ["scenes", "--parts", "parts.csv", "--out", "out", "--size", "96x64", "--most", "5", "--workers", "1"]
    return [sys.executable, "-m", "cad2real", *words, *more]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def run(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    call = command(folder, *more)
    return subprocess.run(call, cwd=folder, env=environment(), capture_output=True, text=True, timeout=580)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four scenes of two parts, the run killed after the first one and started again; a third part is broken."""
    folder = tmp_path_factory.mktemp("scenes")
    trimesh.creation.box((40, 20, 4)).export(folder / "plate.stl")
    trimesh.creation.annulus(6, 10, 3).export(folder / "ring.stl")
    (folder / "broken.stl").write_bytes(b"solid nothing")
    rows = "plate,flat things,plate.stl\nring,ring,ring.stl\nbroken,broken,broken.stl\n"
    (folder / "parts.csv").write_text("part_id,label,file\n" + rows)
    process = subprocess.Popen(
        command(folder, "--views", "4"), cwd=folder, env=environment(), start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 500
    while not (folder / "out" / "scenes" / "000000").is_dir() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert (folder / "out" / "scenes" / "000000" / "truth.json").is_file()
    before = (folder / "out" / "scenes" / "000000" / "rgb.png").stat().st_mtime_ns
    done = run(folder, "--views", "4")
    assert done.returncode == 0, done.stderr
    assert " 0 already there" not in done.stdout and "0 failed" in done.stdout
    assert "broken" in done.stderr and "1 skipped" in done.stdout
    assert (folder / "out" / "scenes" / "000000" / "rgb.png").stat().st_mtime_ns == before
    assert not list((folder / "out" / "scenes").glob(".*"))
    return folder / "out"


def scenes(made: Path) -> list[tuple[Path, dict, dict]]:
    folders = sorted((made / "scenes").iterdir())
    assert len(folders) == 4
    return [
        (folder, json.loads((folder / "scene.json").read_text()), json.loads((folder / "truth.json").read_text()))
        for folder in folders
    ]


def test_pictures_masks_and_depth_agree(made: Path) -> None:
    for folder, scene, truth in scenes(made):
        shown, depth, instances, normals = (
            np.asarray(Image.open(folder / f"{name}.png")) for name in ("rgb", "depth", "instances", "normals")
        )
        assert (
            shown.shape == (64, 96, 3) and depth.shape == instances.shape == (64, 96) and normals.shape == (64, 96, 3)
        )
        assert len(truth["parts"]) == len(scene["parts"]) >= 1
        for number, part in enumerate(truth["parts"], start=1):
            mask, silhouette = (rle.decode(part[kind]).astype(bool) for kind in ("mask", "silhouette"))
            assert (mask == (instances == number)).all() and not (mask & ~silhouette).any()
            assert part["pixels"] == mask.sum() and 0 <= part["visible"] <= 1
            if mask.any():
                rows, columns = np.nonzero(mask)
                assert part["box"] == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        assert (depth[instances > 0] > 0).all()


def test_coco_reads_it(made: Path) -> None:
    coco = COCO(str(made / "coco.json"))
    assert sorted(category["name"] for category in coco.loadCats(coco.getCatIds())) == ["flat things", "ring"]
    assert len(coco.getImgIds()) == 4 and coco.getAnnIds()
    for number in coco.getImgIds():
        picture = made / coco.loadImgs(number)[0]["file_name"]
        instances = np.asarray(Image.open(picture.parent / "instances.png"))
        annotations = coco.loadAnns(coco.getAnnIds(number))
        assert len(annotations) == len(set(instances.ravel()) - {0})
        for one in annotations:
            mask = coco.annToMask(one).astype(bool)
            x, y, width, height = one["bbox"]
            assert mask[y : y + height, x : x + width].sum() == mask.sum() == one["area"]
            assert len(set(instances[mask])) == 1
            assert one["iscrowd"] == (one["visible"] < 0.1)


def test_yolo_has_the_same_boxes(made: Path) -> None:
    data = yaml.safe_load((made / "yolo" / "data.yaml").read_text())
    assert data["names"] == {0: "flat things", 1: "ring"} and data["train"] == "images/train"
    coco = json.loads((made / "coco.json").read_text())
    for picture in sorted((made / "yolo" / "images" / "train").iterdir()):
        lines = (made / "yolo" / "labels" / "train" / f"{picture.stem}.txt").read_text().splitlines()
        wanted = [one for one in coco["annotations"] if one["image_id"] == int(picture.stem) and not one["iscrowd"]]
        assert len(lines) == len(wanted)
        for line, one in zip(lines, wanted, strict=True):
            kind, x, y, width, height = line.split()
            assert int(kind) + 1 == one["category_id"]
            box = np.array([float(x), float(y), float(width), float(height)]) * (96, 64, 96, 64)
            assert [box[0] - box[2] / 2, box[1] - box[3] / 2, *box[2:]] == pytest.approx(one["bbox"], abs=0.01)


def test_bop_has_poses_that_put_the_models_where_the_pictures_show_them(made: Path) -> None:
    folder = made / "bop" / "train_pbr" / "000000"
    cameras, poses, infos = (
        json.loads((folder / f"{name}.json").read_text()) for name in ("scene_camera", "scene_gt", "scene_gt_info")
    )
    infos_of_models = json.loads((made / "bop" / "models" / "models_info.json").read_text())
    assert cameras.keys() == poses.keys() == infos.keys() == {"0", "1", "2", "3"}
    names = json.loads((made / "bop" / "objects.json").read_text())
    assert sorted(names.values()) == ["plate", "ring"] and infos_of_models.keys() == names.keys()
    seen = 0
    for image, camera in cameras.items():
        matrix = np.reshape(camera["cam_K"], (3, 3))
        depth = np.asarray(Image.open(folder / "depth" / f"{int(image):06d}.png")) * camera["depth_scale"]
        for place, (pose, info) in enumerate(zip(poses[image], infos[image], strict=True)):
            model = trimesh.load(made / "bop" / "models" / f"obj_{pose['obj_id']:06d}.ply")
            size = infos_of_models[str(pose["obj_id"])]
            assert [size[f"size_{axis}"] for axis in "xyz"] == pytest.approx(np.ptp(model.vertices, axis=0))
            turned = model.vertices @ np.reshape(pose["cam_R_m2c"], (3, 3)).T + pose["cam_t_m2c"]
            pixels = turned @ matrix.T
            pixels = pixels[:, :2] / pixels[:, 2:]
            x, y, width, height = info["bbox_obj"]
            around = [*pixels.min(0), *pixels.max(0)]
            assert [x, y, x + width, y + height] == pytest.approx(around, abs=1.5)
            visible = np.asarray(Image.open(folder / "mask_visib" / f"{int(image):06d}_{place:06d}.png")) > 0
            whole = np.asarray(Image.open(folder / "mask" / f"{int(image):06d}_{place:06d}.png")) > 0
            assert visible.sum() == info["px_count_visib"] and not (visible & ~whole).any()
            if visible.any():
                seen += 1
                assert depth[visible].min() >= turned[:, 2].min() - 0.1
                assert depth[visible].max() <= turned[:, 2].max() + 0.1
    assert seen >= 4


def test_a_second_run_keeps_all_and_fewer_views_drop_the_rest(made: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (made / "scenes").rglob("*.png")}
    coco = (made / "coco.json").read_bytes()
    again = run(made.parent, "--views", "4")
    assert "0 scene(s) rendered, 4 already there, 0 failed" in again.stdout
    assert {path: path.stat().st_mtime_ns for path in (made / "scenes").rglob("*.png")} == before
    assert (made / "coco.json").read_bytes() == coco


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--formats", "voc"], "coco, yolo, bop"),
        (["--layout", "pile"], "scattered, heap, mixed"),
        (["--size", "axb"], "is no size"),
        (["--quality", "best"], "Choose one of"),
        (["--out", "full"], "holds other files"),
        (["--parts", "none.csv"], "none.csv"),
    ],
)
def test_what_cannot_be_is_one_line(parts: list[Part], tmp_path: Path, words: list[str], said: str) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    done = run(tmp_path, "--views", "1", *words)
    assert done.returncode == 1 and said in done.stderr
    assert "can be rendered" not in done.stdout  # said before CAD is read
    assert "Traceback" not in done.stderr and (tmp_path / "full" / "mine.txt").exists()
