"""Makes the simulated photos of the sample project, twelve a part, and their boxes, in data/photos/.

Run once by a developer: `python tools/make_photos.py` (about an hour on two busy cores); its results are in git. Photos
that are there already are kept, so it goes on where it was stopped; delete a photo to have it made again.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from simulated_photos.geometry import PartMesh, load_part  # noqa: E402
from simulated_photos.phone import develop, encode  # noqa: E402
from simulated_photos.plan import PHOTOS_A_PART, PhotoPlan, plan_photo  # noqa: E402

from cad2real.files import atomic_file, write_text  # noqa: E402
from cad2real.progress import Progress  # noqa: E402

Look = tuple[str, str, str]

PARTS_FILE = ROOT / "data" / "parts" / "parts.csv"
PHOTOS_FOLDER = ROOT / "data" / "photos"
SEED = 20
SAMPLES = 8


def read_parts(part_list: Path) -> tuple[list[PartMesh], dict[str, Look]]:
    """The parts' triangles, and part_id -> (material, surface, color)."""
    with part_list.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    looks = {row["part_id"]: (row["material"], row["surface"], row["color"]) for row in rows}
    return [load_part(part_list.parent / row["file"]) for row in rows], looks


def made(plans: list[PhotoPlan], folder: Path) -> list[PhotoPlan]:
    """Those plans whose photos are there."""
    return [plan for plan in plans if (folder / plan.image).exists()]


def write_boxes(plans: list[PhotoPlan], path: Path) -> None:
    """Writes boxes.csv, sorted by image: pixels of the upright picture."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["image", "label", "x_min", "y_min", "x_max", "y_max"])
    rows.writerows([plan.image, plan.part_id, *plan.box] for plan in sorted(plans, key=lambda plan: plan.image))
    write_text(path, text.getvalue())


@contextlib.contextmanager
def quiet_stdout() -> Iterator[None]:
    """Keeps Cycles' log, written by C++, off the terminal."""
    sys.stdout.flush()
    kept = os.dup(1)
    with Path(os.devnull).open("w") as null:
        os.dup2(null.fileno(), 1)
        try:
            yield
        finally:
            os.dup2(kept, 1)
            os.close(kept)


def shoot(plan: PhotoPlan, meshes: Sequence[PartMesh], looks: Mapping[str, Look], samples: int, target: Path) -> None:
    """Makes the photo of a plan, in which others of the `meshes` may lie about."""
    from simulated_photos.scene import render_light

    own = next(mesh for mesh in meshes if mesh.part_id == plan.part_id)
    others = [mesh for mesh in meshes if mesh.part_id != plan.part_id]
    with quiet_stdout():
        light = render_light(plan, looks[plan.part_id], own, others, looks, samples)
    picture = develop(light, plan.development, plan.box)
    with atomic_file(target) as temporary:
        temporary.write_bytes(encode(picture, plan.development, plan.orientation))


def main() -> None:
    parser = argparse.ArgumentParser(description="Makes the simulated photos of the sample project.")
    parser.add_argument("--out", type=Path, default=PHOTOS_FOLDER, help="folder of the photos")
    parser.add_argument("--numbers", type=int, nargs="*", default=range(PHOTOS_A_PART), help="only these of each part")
    arguments = parser.parse_args()

    meshes, looks = read_parts(PARTS_FILE)
    plans = [plan_photo(mesh, number, SEED) for number in range(PHOTOS_A_PART) for mesh in meshes]
    wanted = [plan for plan in plans if plan.number in arguments.numbers]
    with Progress("simulated photos", len(wanted), "photos") as progress:
        for plan in wanted:
            target = arguments.out / plan.image
            if not target.exists():
                shoot(plan, meshes, looks, SAMPLES, target)
                write_boxes(made(plans, arguments.out), arguments.out / "boxes.csv")
            progress.advance(note=plan.image)
    write_boxes(made(plans, arguments.out), arguments.out / "boxes.csv")


if __name__ == "__main__":
    main()
