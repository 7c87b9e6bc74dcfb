"""Makes a set that nothing was tuned to: six chess pieces as CAD without materials, and simulated photos of them.

`python tools/make_chess.py OUT [--photos 16]` (six CPU seconds a photo) writes OUT/parts.csv, parts/, photos/ and
boxes.csv. The pieces stand as often as they have fallen over, are white, black, brass or burnished, and seen from lower
down than parts on a bench. Photos that are there are kept, so it goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import trimesh  # noqa: E402
from make_photos import Look, made, shoot, write_boxes  # noqa: E402
from simulated_photos.geometry import PartMesh  # noqa: E402
from simulated_photos.plan import Framing, plan_photo  # noqa: E402
from trimesh.creation import box, icosphere, revolve  # noqa: E402

from cad2real.files import write_text  # noqa: E402
from cad2real.progress import Progress  # noqa: E402

type Profile = list[tuple[float, float]]

SEED, SAMPLES, STANDING = 7, 6, 0.7
FRAMING = Framing(elevation_deg=(10, 35, 80), long_side=640, short_side=480)
FOOT: Profile = [(17, 0), (17.5, 3), (16, 5), (15, 8), (11, 11)]
LOOKS: tuple[Look, ...] = (
    ("plastic", "matte", "white"),
    ("aluminium", "anodized", "black"),
    ("brass", "brushed", ""),
    ("steel", "burnished", ""),
)
HOW_OFTEN = (0.4, 0.25, 0.25, 0.1)


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


def part_mesh(part_id: str, mesh: Any) -> PartMesh:
    centimetres: NDArray[np.float64] = np.asarray(mesh.vertices, dtype=float) / 10
    middle = (centimetres.min(axis=0) + centimetres.max(axis=0)) / 2
    return PartMesh(part_id, centimetres - middle, np.asarray(mesh.faces, dtype=np.int64), STANDING)


def write_parts(solids: dict[str, Any], folder: Path) -> None:
    """The CAD files and a part list that says nothing of what the pieces are made of."""
    (folder / "parts").mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["part_id", "label", "name", "file", "units"])
    for part_id, mesh in solids.items():
        mesh.export(folder / "parts" / f"{part_id}.stl")
        rows.writerow([part_id, part_id, part_id.title(), f"parts/{part_id}.stl", "mm"])
    write_text(folder / "parts.csv", text.getvalue())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--photos", type=int, default=16, help="of each piece")
    asked = parser.parse_args()

    solids = pieces()
    write_parts(solids, asked.out)
    meshes = [part_mesh(part_id, mesh) for part_id, mesh in solids.items()]
    plans = [plan_photo(mesh, number, SEED, FRAMING) for number in range(asked.photos) for mesh in meshes]
    photos = asked.out / "photos"
    with Progress("simulated photos", len(plans), "photos") as progress:
        for plan in plans:
            target = photos / plan.image
            if not target.exists():
                rng = np.random.default_rng(plan.seed + 5)
                looks = {part_id: LOOKS[int(rng.choice(len(LOOKS), p=HOW_OFTEN))] for part_id in solids}
                shoot(plan, meshes, looks, SAMPLES, target)
            progress.advance(note=plan.image)
    write_boxes(made(plans, photos), asked.out / "boxes.csv")


if __name__ == "__main__":
    main()
