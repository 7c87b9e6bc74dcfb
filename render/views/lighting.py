"""Environment maps: which light surrounds each view of a part, how it is turned and how strong it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cad2real.errors import UserError
from render.materials.colors import Rgb
from render.params import EnvironmentMode
from render.seeds import stream

SUFFIXES = (".hdr", ".exr", ".png", ".jpg", ".jpeg")
STRENGTH = (0.75, 1.35)
"""Range of a view's strength; 1 lights a grey part like a well-exposed photo, whatever the map's own brightness."""


@dataclass(frozen=True)
class Lamp:
    """A square area light that looks at the part: `direction` (unit vector from the part, z up), `distance` and `size`
    in sizes of the part, `power` relative to the surroundings.
    """

    direction: tuple[float, float, float]
    distance: float
    size: float
    power: float


@dataclass(frozen=True)
class Light:
    """The surroundings of one view: `environment` is a map's name, "white", "grey" or "none"; `table` the linear RGB of
    what a resting part lies on.
    """

    environment: str
    rotation_deg: float
    strength: float
    lamps: tuple[Lamp, ...] = ()
    table: Rgb | None = None


def list_maps(folder: Path) -> tuple[Path, ...]:
    """The environment maps of `folder`, by name. Raises UserError when there is none."""
    found = (
        tuple(sorted(path for path in folder.glob("*") if path.suffix.lower() in SUFFIXES)) if folder.is_dir() else ()
    )
    if not found:
        raise UserError(
            f"{folder} has no environment map ({', '.join(SUFFIXES)}).",
            "Correct render.environments.folder, or leave it out to use the eight maps that come with Blender.",
        )
    return found


def lights(
    mode: EnvironmentMode, names: tuple[str, ...], views: int, lamps: int, seed: int, part_id: str
) -> list[Light]:
    """One light a view: a map (by `mode`), turned and dimmed at random, and `lamps`. A cycle starts anywhere."""
    order = stream(seed, part_id, None, "environments").permutation(max(1, len(names)))
    chosen = []
    for view in range(views):
        rng = stream(seed, part_id, view, "light")
        turn, place = rng.uniform(0, 360), int(rng.integers(max(1, len(names))))
        strength = math.exp(rng.uniform(math.log(STRENGTH[0]), math.log(STRENGTH[1])))
        if mode in {"none", "white", "grey"}:
            name = str(mode)
        elif mode == "one":
            name = names[0]
        else:
            name = names[int(order[view % len(names)]) if mode == "cycle" else place]
        around = tuple(_lamp(stream(seed, part_id, view, f"lamp {number}")) for number in range(lamps))
        table = _table(stream(seed, part_id, view, "table"))
        chosen.append(Light(name, round(float(turn), 3), round(float(strength), 4), around, table))
    return chosen


def _lamp(rng: np.random.Generator) -> Lamp:
    z, azimuth = rng.uniform(0.2, 1.0), rng.uniform(0, 2 * math.pi)
    radius = math.sqrt(1 - z * z)
    direction = (radius * math.cos(azimuth), radius * math.sin(azimuth), float(z))
    return Lamp(direction, float(rng.uniform(2, 5)), float(rng.uniform(0.5, 2)), float(rng.uniform(0.3, 1.0)))


def _table(rng: np.random.Generator) -> Rgb:
    """Tables are more often light than dark, and hardly coloured."""
    grey = float(rng.beta(2.0, 1.5)) * 0.85 + 0.03
    red, green, blue = (min(0.95, grey * float(rng.uniform(0.9, 1.1))) for _ in range(3))
    return (red, green, blue)
