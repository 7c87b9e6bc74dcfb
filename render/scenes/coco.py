"""Scenes as one COCO file, which detectors are trained from and pycocotools reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cad2real.files import write_json
from render.scenes.finished import FinishedScene

LEAST_VISIBLE = 0.1
"""Of a part: one of which less shows is marked as a crowd, which training and scoring pass over."""


def labels_of(scenes: Sequence[FinishedScene]) -> list[str]:
    """All labels that occur, sorted: categories are numbered in this order."""
    return sorted({part.label for one in scenes for part in one.scene.parts})


def write_coco(scenes: Sequence[FinishedScene], path: Path) -> None:
    """Writes `path`; names of pictures in it are relative to its folder."""
    numbers = {label: number for number, label in enumerate(labels_of(scenes), start=1)}
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for one in scenes:
        camera = one.scene.camera
        name = (one.folder / "rgb.png").relative_to(path.parent).as_posix()
        images.append({"id": one.scene.number, "file_name": name, "width": camera.width, "height": camera.height})
        for part, truth in zip(one.scene.parts, one.truth, strict=True):
            if truth["box"] is not None:
                found = _annotation(truth) | {"image_id": one.scene.number, "category_id": numbers[part.label]}
                annotations.append({"id": len(annotations) + 1, **found, "part_id": part.part_id})
    write_json(
        path,
        {
            "info": {"description": "cad2real scenes"},
            "images": images,
            "categories": [{"id": number, "name": label, "supercategory": "part"} for label, number in numbers.items()],
            "annotations": annotations,
        },
    )


def _annotation(truth: dict[str, Any]) -> dict[str, Any]:
    x_min, y_min, x_max, y_max = truth["box"]
    return {
        "bbox": [x_min, y_min, x_max - x_min, y_max - y_min],
        "area": truth["pixels"],
        "segmentation": truth["mask"],
        "iscrowd": int(truth["visible"] < LEAST_VISIBLE),
        "visible": truth["visible"],
    }
