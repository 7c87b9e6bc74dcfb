"""What holds for all scenes of a run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

from cad2real.errors import UserError
from render.materials.assignment import assign_materials
from render.parts.catalogue import Part
from render.scenes.description import LayoutName
from render.views.environment_maps import bundled_maps
from render.views.quality import QUALITY_PRESETS

VERSION = 1
"""Raised whenever the same settings would give other scenes or other pixels."""

Layouts = Literal["scattered", "heap", "mixed"]
LEAST_PX, MOST_PX = 64, 4096
"""Sides of a picture."""


@dataclass(frozen=True)
class SceneSettings:
    """`layout`: of all scenes, mixed is half and half; `most`: parts in a scene at most; sides of a picture in pixels;
    `unit_mm`: the length of Blender's unit, so that small parts render like large ones.
    """

    layout: Layouts
    most: int
    width: int
    height: int
    quality: str
    seed: int
    environment_maps: tuple[Path, ...]
    unit_mm: float

    def key(self, parts: Sequence[Part]) -> str:
        """A key that changes when scenes would: by the parts' CAD and words, these settings or this renderer."""
        looks = [asdict(material) for part in parts for _, material in assign_materials(part, "metadata", 0).patterns]
        content = {
            "version": VERSION,
            "settings": [self.layout, self.most, self.width, self.height, self.seed, self.unit_mm],
            "preset": asdict(QUALITY_PRESETS[self.quality]),
            "maps": [[path.stem, path.stat().st_size] for path in self.environment_maps],
            "parts": [[part.part_id, part.label, part.sha256, part.units, part.skin] for part in parts],
            "looks": looks,
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]

    def layout_of(self, number: int) -> LayoutName:
        """The layout of scene `number`."""
        if self.layout == "mixed":
            return "heap" if number % 2 else "scattered"
        return self.layout


def check_settings(layout: str, size: str, quality: str) -> None:
    """Raises UserError for what cannot be, before any CAD is read."""
    if layout not in get_args(Layouts):
        raise UserError(f"--layout {layout!r} is not known.", f"Choose one of: {', '.join(get_args(Layouts))}.")
    if quality not in QUALITY_PRESETS:
        raise UserError(f"--quality {quality!r} is not known.", f"Choose one of: {', '.join(QUALITY_PRESETS)}.")
    _sides(size)


def scene_settings(parts: Sequence[Part], layout: str, most: int, size: str, quality: str, seed: int) -> SceneSettings:
    """Settings as they are written on a command line. Raises UserError for what cannot be."""
    if not parts:
        raise UserError("There is no part to lay out.", "The reasons stand above.")
    check_settings(layout, size, quality)
    width, height = _sides(size)
    largest = max(max(part.size_mm) for part in parts)
    return SceneSettings(layout, most, width, height, quality, seed, bundled_maps(), largest)  # type: ignore[arg-type]


def _sides(size: str) -> tuple[int, int]:
    """Width and height of "256" or "640x480". Raises UserError."""
    try:
        sides = [int(side) for side in size.lower().split("x")]
    except ValueError:
        sides = []
    if len(sides) not in (1, 2) or not all(LEAST_PX <= side <= MOST_PX for side in sides):
        raise UserError(
            f"--size {size!r} is no size of a picture.", f"For example 256 or 640x480; {LEAST_PX} to {MOST_PX} pixels."
        )
    return sides[0], sides[-1]
