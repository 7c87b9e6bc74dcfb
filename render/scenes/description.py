"""What a scene is made of, as scene.json holds it: a picture depends on this file and the CAD alone.

The world has z up and is measured in mm; cameras have OpenCV's axes (x right, y down, z forward).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from render.materials.colors import Rgb
from render.views.backgrounds import Ground
from render.views.lighting import Light

Array = NDArray[np.float64]
LayoutName = Literal["scattered", "heap"]
ShapeName = Literal["box", "cylinder", "cone", "ball"]

DIGITS = 9
"""Of written numbers. What is rendered is what was read back."""


@dataclass(frozen=True)
class Pose:
    """Takes a point of a body's own frame to the world: `rotation` (3, 3) times it plus `translation` (3,), mm."""

    rotation: Array
    translation: Array

    def __call__(self, points: Array) -> Array:
        """(n, 3) points of the body's frame in the world, mm."""
        moved: Array = points @ self.rotation.T + self.translation
        return moved

    def as_dict(self) -> dict[str, Any]:
        return {"rotation": rounded(self.rotation), "translation_mm": rounded(self.translation)}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Self:
        return cls(np.array(content["rotation"], float), np.array(content["translation_mm"], float))


@dataclass(frozen=True)
class PlacedPart:
    """A part of the catalogue where it lies; its frame is that of its CAD file."""

    part_id: str
    label: str
    pose: Pose


@dataclass(frozen=True)
class Distractor:
    """A thing that is no part: a plain shape `size_mm` (x, y, z) around its own origin, with a colour (linear RGB)."""

    shape: ShapeName
    size_mm: tuple[float, float, float]
    color: Rgb
    roughness: float
    metallic: bool
    pose: Pose


@dataclass(frozen=True)
class Bin:
    """An open box that parts lie in: its inner half sides and height, the thickness of its walls (mm), its colour."""

    half_mm: tuple[float, float]
    height_mm: float
    wall_mm: float
    color: Rgb


@dataclass(frozen=True)
class SceneCamera:
    """A pinhole camera: `focal_px`, the picture's sides, and the pose that takes the world to its axes."""

    focal_px: float
    width: int
    height: int
    pose: Pose

    @property
    def intrinsics(self) -> Array:
        """(3, 3), pixels; pixel (0, 0) is the corner of the frame."""
        return np.array([[self.focal_px, 0, self.width / 2], [0, self.focal_px, self.height / 2], [0, 0, 1]])

    def project(self, points: Array) -> Array:
        """(n, 3) points of the world to (n, 2) pixels; they have to lie before the camera."""
        seen = self.pose(points)
        pixels: Array = seen[:, :2] / seen[:, 2:] * self.focal_px + (self.width / 2, self.height / 2)
        return pixels


@dataclass(frozen=True)
class Scene:
    """One picture of many parts. `left_out` parts had no room, or did not come to rest."""

    number: int
    key: str
    layout: LayoutName
    camera: SceneCamera
    light: Light
    ground: Ground
    parts: tuple[PlacedPart, ...]
    distractors: tuple[Distractor, ...] = ()
    bin: Bin | None = None
    left_out: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Its scene.json."""
        camera, light, ground = self.camera, self.light, self.ground
        return {
            "number": self.number,
            "key": self.key,
            "layout": self.layout,
            "width": camera.width,
            "height": camera.height,
            "intrinsics": rounded(camera.intrinsics),
            "world_to_camera": camera.pose.as_dict(),
            "light": {
                "environment": light.environment,
                "rotation_deg": light.rotation_deg,
                "strength": light.strength,
            },
            "ground": {
                "surface": ground.surface,
                "color": rounded(ground.color),
                "turn_deg": round(ground.turn_deg, DIGITS),
                "place_mm": rounded(ground.place_mm),
            },
            "bin": None if self.bin is None else _bin_dict(self.bin),
            "parts": [
                {"part_id": part.part_id, "label": part.label, **part.pose.as_dict()} for part in self.parts
            ],
            "distractors": [
                {
                    "shape": thing.shape,
                    "size_mm": rounded(thing.size_mm),
                    "color": rounded(thing.color),
                    "roughness": round(thing.roughness, DIGITS),
                    "metallic": thing.metallic,
                    **thing.pose.as_dict(),
                }
                for thing in self.distractors
            ],
            "left_out": self.left_out,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Self:
        """Raises KeyError, TypeError or ValueError for what is no scene."""
        camera, light, ground, box = (content[name] for name in ("intrinsics", "light", "ground", "bin"))
        pose = Pose.from_dict(content["world_to_camera"])
        return cls(
            content["number"],
            content["key"],
            content["layout"],
            SceneCamera(camera[0][0], content["width"], content["height"], pose),
            Light(light["environment"], light["rotation_deg"], light["strength"]),
            Ground(ground["surface"], _rgb(ground["color"]), ground["turn_deg"], _pair(ground["place_mm"])),
            tuple(PlacedPart(one["part_id"], one["label"], Pose.from_dict(one)) for one in content["parts"]),
            tuple(_distractor(one) for one in content["distractors"]),
            None if box is None else Bin(_pair(box["half_mm"]), box["height_mm"], box["wall_mm"], _rgb(box["color"])),
            content["left_out"],
        )


def rounded(values: Any) -> Any:
    """Nested lists of numbers as they are written; no minus before a zero."""
    return (np.round(np.asarray(values, float), DIGITS) + 0.0).tolist()


def _bin_dict(box: Bin) -> dict[str, Any]:
    sides = {"half_mm": rounded(box.half_mm), "height_mm": round(box.height_mm, DIGITS)}
    return sides | {"wall_mm": round(box.wall_mm, DIGITS), "color": rounded(box.color)}


def _distractor(one: dict[str, Any]) -> Distractor:
    size = (float(one["size_mm"][0]), float(one["size_mm"][1]), float(one["size_mm"][2]))
    return Distractor(
        one["shape"], size, _rgb(one["color"]), one["roughness"], one["metallic"], Pose.from_dict(one)
    )  # fmt: skip


def _rgb(values: list[float]) -> Rgb:
    red, green, blue = (float(value) for value in values)
    return red, green, blue


def _pair(values: list[float]) -> tuple[float, float]:
    first, second = (float(value) for value in values)
    return first, second
