"""Scenes that are finished, as exports read them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cad2real.files import read_json
from render.scenes.description import Scene

SCENES = "scenes"
PICTURES = ("rgb.png", "depth.png", "normals.png", "instances.png")


@dataclass(frozen=True)
class FinishedScene:
    """A scene in its `folder`: what it is made of, and what is known of each of its parts (truth.json)."""

    folder: Path
    scene: Scene
    truth: tuple[dict[str, Any], ...]
    depth_step_mm: float


def finished_scene(folder: Path, key: str) -> FinishedScene | None:
    """The scene in `folder`, None unless it is whole and was made with the content key `key`."""
    try:
        scene = Scene.from_dict(read_json(folder / "scene.json"))
        truth = read_json(folder / "truth.json", "parts", "depth_step_mm")
        whole = all((folder / name).is_file() for name in PICTURES) and len(truth["parts"]) == len(scene.parts)
        if scene.key != key or not whole:
            return None
        return FinishedScene(folder, scene, tuple(truth["parts"]), float(truth["depth_step_mm"]))
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None
