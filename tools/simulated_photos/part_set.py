"""A set of parts whose list says nothing of their materials, and simulated photos of them: what the tools that make one
share.
"""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from make_photos import Look, made, shoot, write_boxes
from numpy.typing import NDArray

from cad2real.files import write_text
from cad2real.progress import Progress
from simulated_photos.geometry import PartMesh
from simulated_photos.plan import Framing, plan_photo

SAMPLES = 6


@dataclass(frozen=True)
class PartSet:
    """What is drawn for the photos of a set: `looks` and the share of each, `stands`, the share of photos in which a
    part stands as it does in its file, the camera, and the seed of it all.
    """

    looks: Mapping[Look, float]
    stands: float
    framing: Framing
    seed: int


def part_mesh(part_id: str, mesh: Any, stands: float) -> PartMesh:
    """A part in centimetres about its middle, from one in mm."""
    centimetres: NDArray[np.float64] = np.asarray(mesh.vertices, dtype=float) / 10
    middle = (centimetres.min(axis=0) + centimetres.max(axis=0)) / 2
    return PartMesh(part_id, centimetres - middle, np.asarray(mesh.faces, dtype=np.int64), stands)


def write_parts(solids: Mapping[str, Any], folder: Path) -> None:
    """The CAD files and a part list that says nothing of what the parts are made of."""
    (folder / "parts").mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["part_id", "label", "name", "file", "units"])
    for part_id, mesh in solids.items():
        mesh.export(folder / "parts" / f"{part_id}.stl")
        name = part_id.replace("_", " ").title()
        rows.writerow([part_id, part_id, name, f"parts/{part_id}.stl", "mm"])
    write_text(folder / "parts.csv", text.getvalue())


def take_photos(solids: Mapping[str, Any], drawn: PartSet, photos_a_part: int, folder: Path) -> None:
    """The photos that are not there yet, and the boxes of all."""
    meshes = [part_mesh(part_id, mesh, drawn.stands) for part_id, mesh in solids.items()]
    plans = [plan_photo(mesh, number, drawn.seed, drawn.framing) for number in range(photos_a_part) for mesh in meshes]
    looks, shares = list(drawn.looks), list(drawn.looks.values())
    photos = folder / "photos"
    with Progress("simulated photos", len(plans), "photos") as progress:
        for plan in plans:
            target = photos / plan.image
            if not target.exists():
                rng = np.random.default_rng(plan.seed + 5)
                look_of = {part_id: looks[int(rng.choice(len(looks), p=shares))] for part_id in solids}
                shoot(plan, meshes, look_of, SAMPLES, target)
            progress.advance(note=plan.image)
    write_boxes(made(plans, photos), folder / "boxes.csv")


def make_from_command_line(
    description: str | None, solids: Callable[[], Mapping[str, Any]], drawn: PartSet, photos: int
) -> None:
    """Makes the parts (mm) and so many photos of each, or as many as the user asks for, in the folder he names."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("out", type=Path)
    parser.add_argument("--photos", type=int, default=photos, help="of each part")
    asked = parser.parse_args()

    parts = solids()
    write_parts(parts, asked.out)
    take_photos(parts, drawn, asked.photos, asked.out)
