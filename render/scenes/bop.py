"""Scenes as the BOP challenge has its data sets, for detectors and estimators of poses.

Layout: the page "bop_datasets_format" in the docs of https://github.com/thodan/bop_toolkit (as of 18.12.2023).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cad2real.errors import UserError
from cad2real.files import atomic_folder, read_json, write_json, write_text
from render.scenes.description import rounded
from render.scenes.finished import FinishedScene
from render.scenes.links import link

IMAGES = 1000
"""In a folder of pictures at most, as BOP has them."""
SPLIT = "train_pbr"


def write_bop(scenes: Sequence[FinishedScene], models: Path, folder: Path) -> None:
    """Writes `folder`: models and pictures with the poses, masks and visibility of all parts. `models` holds a
    part_id.ply (mm, the CAD's own frame) and part_id.json for each part that occurs. objects.json says which part has
    which number.
    """
    part_ids = sorted({part.part_id for one in scenes for part in one.scene.parts})
    numbers = {part_id: number for number, part_id in enumerate(part_ids, start=1)}
    with atomic_folder(folder) as target:
        write_json(target / "objects.json", {str(number): part_id for part_id, number in numbers.items()})
        _write_models(numbers, models, target / "models")
        for start in range(0, len(scenes), IMAGES):
            _write_images(scenes[start : start + IMAGES], numbers, target / SPLIT / f"{start // IMAGES:06d}")
        if scenes:
            first = scenes[0].scene.camera
            focal, size = float(first.intrinsics[0, 0]), {"width": first.width, "height": first.height}
            middle = {"cx": first.width / 2, "cy": first.height / 2, "fx": focal, "fy": focal}
            write_json(target / "camera.json", middle | size | {"depth_scale": scenes[0].depth_step_mm})


def _write_models(numbers: dict[str, int], models: Path, folder: Path) -> None:
    infos = {}
    for part_id, number in numbers.items():
        try:
            infos[str(number)] = read_json(models / f"{part_id}.json")
        except FileNotFoundError:
            raise UserError(f"{models} lacks {part_id}.", "Delete the folder and run this again.") from None
        link(models / f"{part_id}.ply", folder / f"obj_{number:06d}.ply")
    write_json(folder / "models_info.json", infos)


def _write_images(scenes: Sequence[FinishedScene], numbers: dict[str, int], folder: Path) -> None:
    cameras: dict[str, Any] = {}
    poses: dict[str, list[dict[str, Any]]] = {}
    infos: dict[str, list[dict[str, Any]]] = {}
    for image, one in enumerate(scenes):
        camera, key = one.scene.camera, str(image)
        link(one.folder / "rgb.png", folder / "rgb" / f"{image:06d}.png")
        link(one.folder / "depth.png", folder / "depth" / f"{image:06d}.png")
        cameras[key] = {
            "cam_K": rounded(camera.intrinsics.ravel()),
            "cam_R_w2c": rounded(camera.pose.rotation.ravel()),
            "cam_t_w2c": rounded(camera.pose.translation),
            "depth_scale": one.depth_step_mm,
        }
        poses[key], infos[key] = [], []
        for place, (part, truth) in enumerate(zip(one.scene.parts, one.truth, strict=True)):
            rotation = camera.pose.rotation @ part.pose.rotation
            translation = camera.pose.rotation @ part.pose.translation + camera.pose.translation
            pose = {"cam_R_m2c": rounded(rotation.ravel()), "cam_t_m2c": rounded(translation)}
            poses[key].append({**pose, "obj_id": numbers[part.part_id]})
            infos[key].append(_info(truth))
            for kind, mask in (("mask", "silhouette"), ("mask_visib", "mask")):
                _save_mask(truth[mask], folder / kind / f"{image:06d}_{place:06d}.png")
    for name, content in (("scene_camera", cameras), ("scene_gt", poses), ("scene_gt_info", infos)):
        write_text(folder / f"{name}.json", json.dumps(content) + "\n")


def _info(truth: dict[str, Any]) -> dict[str, Any]:
    return {
        "bbox_obj": _box(truth["box_whole"]),
        "bbox_visib": _box(truth["box"]),
        "px_count_all": truth["pixels_whole"],
        "px_count_valid": truth["pixels_whole"],  # depth is known everywhere
        "px_count_visib": truth["pixels"],
        "visib_fract": truth["visible"],
    }


def _box(corners: list[int] | None) -> list[int]:
    """x, y, width, height; as BOP has it for what cannot be seen: -1."""
    if corners is None:
        return [-1, -1, -1, -1]
    x_min, y_min, x_max, y_max = corners
    return [x_min, y_min, x_max - x_min, y_max - y_min]


def _save_mask(run_lengths: dict[str, Any], path: Path) -> None:
    from pycocotools import mask as coco

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(coco.decode(run_lengths).astype(np.uint8) * 255).save(path)
