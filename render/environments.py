"""Environment maps: which light surrounds each view of a part, how it is turned and how strong it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from cad2real.errors import UserError
from render.params import EnvironmentMode
from render.seeds import stream

SUFFIXES = (".hdr", ".exr", ".png", ".jpg", ".jpeg")
STRENGTH = (0.75, 1.35)
"""Range of a view's strength; 1 lights a grey part like a well-exposed photo, whatever the map's own brightness."""


@dataclass(frozen=True)
class Light:
    """The surroundings of one view: `environment` is a map's name, "white", "grey" or "none"."""

    environment: str
    rotation_deg: float
    strength: float


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


def lights(mode: EnvironmentMode, names: tuple[str, ...], views: int, seed: int, part_id: str) -> list[Light]:
    """One light a view: a map (by `mode`) turned and dimmed at random. A part starts anywhere in the cycle."""
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
        chosen.append(Light(name, round(float(turn), 3), round(float(strength), 4)))
    return chosen
