"""Scenes as YOLO's detectors take them: pictures in images/, a text file with boxes beside each in labels/."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from cad2real.files import atomic_folder, write_text
from render.scenes.coco import LEAST_VISIBLE, labels_of
from render.scenes.finished import FinishedScene
from render.scenes.links import link

VALIDATION = 10
"""Each such scene is for validation."""


def write_yolo(scenes: Sequence[FinishedScene], folder: Path) -> None:
    """Writes `folder` with data.yaml. Parts of which less than LEAST_VISIBLE shows are left out."""
    labels = labels_of(scenes)
    with atomic_folder(folder) as target:
        for place, one in enumerate(scenes):
            split = "val" if place % VALIDATION == VALIDATION - 1 else "train"
            name = one.folder.name
            link(one.folder / "rgb.png", target / "images" / split / f"{name}.png")
            write_text(target / "labels" / split / f"{name}.txt", "".join(_lines(one, labels)))
        validation = "images/val" if len(scenes) >= VALIDATION else "images/train"
        names = "".join(f"  {number}: {json.dumps(label)}\n" for number, label in enumerate(labels))
        write_text(target / "data.yaml", f"path: .\ntrain: images/train\nval: {validation}\nnames:\n{names}")


def _lines(one: FinishedScene, labels: list[str]) -> list[str]:
    """Class, middle and size of each box, as shares of the picture."""
    width, height = one.scene.camera.width, one.scene.camera.height
    lines = []
    for part, truth in zip(one.scene.parts, one.truth, strict=True):
        if truth["box"] is None or truth["visible"] < LEAST_VISIBLE:
            continue
        x_min, y_min, x_max, y_max = truth["box"]
        middle = ((x_min + x_max) / 2 / width, (y_min + y_max) / 2 / height)
        shares = (*middle, (x_max - x_min) / width, (y_max - y_min) / height)
        lines.append(f"{labels.index(part.label)} " + " ".join(f"{share:.6f}" for share in shares) + "\n")
    return lines
