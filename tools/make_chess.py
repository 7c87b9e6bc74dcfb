"""Makes a set that nothing was tuned to: six chess pieces as CAD without materials, and simulated photos of them.

`python tools/make_chess.py OUT [--photos 16]` (six CPU seconds a photo) writes OUT/parts.csv, parts/, photos/ and
boxes.csv. The pieces stand as often as they have fallen over, are white, black, brass or burnished, and seen from lower
down than parts on a bench. Photos that are there are kept, so it goes on where it was stopped.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import trimesh  # noqa: E402
from simulated_photos.part_set import PartSet, make_from_command_line  # noqa: E402
from simulated_photos.plan import Framing  # noqa: E402
from trimesh.creation import box, icosphere, revolve  # noqa: E402

type Profile = list[tuple[float, float]]

SET = PartSet(
    looks={
        ("plastic", "matte", "white"): 0.4,
        ("aluminium", "anodized", "black"): 0.25,
        ("brass", "brushed", ""): 0.25,
        ("steel", "burnished", ""): 0.1,
    },
    stands=0.7,
    framing=Framing(elevation_deg=(10, 35, 80), long_side=640, short_side=480),
    seed=7,
)
FOOT: Profile = [(17, 0), (17.5, 3), (16, 5), (15, 8), (11, 11)]


def turned(profile: Profile) -> Any:
    """A solid of revolution from radii and heights in mm."""
    outline = [(0, 0), *profile, (0, profile[-1][1])]
    return revolve(np.array(outline, float), sections=64)


def piece(neck: float, height: float, head: Profile, *more: Any) -> Any:
    """A foot, a neck so wide and so high, a head, and what is set on it."""
    body = turned([*FOOT, (neck * 1.25, 16), (neck, height), *head])
    return trimesh.util.concatenate([body, *more])


def around(solid: Any, count: int, radius: float, height: float) -> list[Any]:
    """So many of a solid on a circle."""
    angles = np.arange(count) * 2 * np.pi / count
    return [solid.copy().apply_translation([radius * np.cos(a), radius * np.sin(a), height]) for a in angles]


def at(solid: Any, height: float) -> Any:
    return solid.apply_translation([0, 0, height])


def slab(corners: Profile, width: float = 11) -> Any:
    """A convex plate of this width that stands on edge."""
    return trimesh.convex.convex_hull(np.array([(x, y, z) for x, z in corners for y in (-width / 2, width / 2)], float))


def horse() -> Any:
    """The knight's neck and head."""
    return trimesh.util.concatenate(
        [
            slab([(-10, 0), (10, 0), (11, 10), (7, 20), (-8, 12)]),
            slab([(-8, 12), (7, 20), (12, 27), (-4, 22)]),
            slab([(-4, 22), (12, 27), (11, 34), (3, 38), (-3, 38), (-8, 24)]),
            slab([(-8, 24), (-3, 38), (-12, 34), (-17, 25), (-15, 21)], 8),
            slab([(-3, 38), (3, 38), (0, 44)], 8),
        ]
    )


def pieces() -> dict[str, Any]:
    """The six pieces, in mm."""
    return {
        "pawn": piece(6, 26, [(10, 28), (10, 30), (5, 31)], at(icosphere(subdivisions=3, radius=8.5), 37)),
        "rook": piece(10, 28, [(13, 32), (14, 34), (14, 42), (10, 42), (10, 38)], *around(box((6, 6, 5)), 6, 11.5, 44)),
        "bishop": piece(
            6.5, 36, [(11, 38), (11, 40), (7, 42), (10, 48), (10, 52), (6, 60), (2.5, 63), (3, 66), (1, 68)]
        ),
        "queen": piece(
            7,
            46,
            [(12, 48), (12, 50), (8, 52), (13, 66), (11, 66), (6, 68)],
            at(icosphere(subdivisions=2, radius=4), 71),
            *around(icosphere(subdivisions=1, radius=2.4), 8, 12, 66),
        ),
        "king": piece(
            7.5,
            50,
            [(13, 52), (13, 54), (8, 56), (12, 70), (9, 72), (3, 74)],
            at(box((4, 4, 14)), 80),
            at(box((11, 4, 4)), 81),
        ),
        "knight": trimesh.util.concatenate([turned([*FOOT, (9, 12)]), at(horse(), 11)]),
    }


if __name__ == "__main__":
    make_from_command_line(__doc__, pieces, SET, photos=16)
