"""Writes the exact masks of the sample's simulated photos, data/photo_masks.json (COCO), from their plans.

Run once by a developer: `python tools/make_masks.py` (half a minute). No Blender: a part's outline is that of its
triangles, seen by the plan's camera. The other parts that lie about are masked, too; what of them a pencil or a coin
hides is not taken off.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from make_photos import PARTS_FILE, PHOTOS_FOLDER, SEED, made, read_parts  # noqa: E402
from simulated_photos.geometry import Array, Camera, PartMesh, lie_down, rotation_about  # noqa: E402
from simulated_photos.plan import PHOTOS_A_PART, PhotoPlan, Thing, plan_photo  # noqa: E402

from cad2real.coco_masks import coco_mask  # noqa: E402
from cad2real.files import write_json  # noqa: E402
from cad2real.progress import Progress  # noqa: E402

OUT = ROOT / "data" / "photo_masks.json"
FINER = 3  # times as many pixels a side: polygons are drawn to whole pixels
UP = np.array([0.0, 0.0, 1.0])


def outline(camera: Camera, vertices: Array, faces: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The pixels (height, width) that show a mesh at least by half."""
    canvas = Image.new("1", (camera.width * FINER, camera.height * FINER))
    draw = ImageDraw.Draw(canvas)
    corners = camera.project(vertices)[faces] * FINER - 0.5
    for triangle in corners.reshape(len(faces), 6).tolist():
        draw.polygon(triangle, fill=1)
    drawn = np.asarray(canvas).reshape(camera.height, FINER, camera.width, FINER)
    return drawn.mean(axis=(1, 3)) >= 0.5


def lying_about(thing: Thing, others: list[PartMesh]) -> tuple[PartMesh, Array]:
    """The part that a piece of clutter is, and its vertices: the draws of `simulated_photos.scene`."""
    rng = np.random.default_rng(thing.seed)
    other = others[int(rng.integers(len(others)))]
    rotations, probabilities = other.resting_poses
    lying = lie_down(other, rotations[rng.choice(len(rotations), p=probabilities)], 0.0)
    return other, lying @ rotation_about(UP, thing.yaw).T + [thing.x, thing.y, 0]


def masks(plan: PhotoPlan, meshes: list[PartMesh]) -> list[tuple[str, NDArray[np.bool_]]]:
    """Part ids and masks of all parts in a photo, the one that it is of first; nearer ones hide others."""
    by_id = {mesh.part_id: mesh for mesh in meshes}
    others = [mesh for mesh in meshes if mesh.part_id != plan.part_id]
    seen = [(by_id[plan.part_id], plan.vertices)]
    seen += [lying_about(thing, others) for thing in plan.clutter if thing.kind == "part"]
    found = [(mesh.part_id, outline(plan.camera, vertices, mesh.faces), vertices) for mesh, vertices in seen]
    distances = [float(np.linalg.norm(vertices.mean(axis=0) - plan.camera.position)) for _, _, vertices in found]
    left = []
    for number, (part_id, mask, _) in enumerate(found):
        for other, (_, cover, _) in enumerate(found):
            if distances[other] < distances[number]:
                mask = mask & ~cover
        if mask.any():
            left.append((part_id, mask))
    return left


def main() -> None:
    meshes, _ = read_parts(PARTS_FILE)
    plans = [plan_photo(mesh, number, SEED) for mesh in meshes for number in range(PHOTOS_A_PART)]
    plans = sorted(made(plans, PHOTOS_FOLDER), key=lambda plan: plan.image)
    categories = {part_id: number for number, part_id in enumerate(sorted(mesh.part_id for mesh in meshes), start=1)}
    images, annotations = [], []
    with Progress("masks", len(plans), "photos") as progress:
        for image, plan in enumerate(plans, start=1):
            size = {"width": plan.camera.width, "height": plan.camera.height}
            images.append({"id": image, "file_name": plan.image, **size})
            for part_id, mask in masks(plan, meshes):
                rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
                box = [columns[0], rows[0], columns[-1] + 1 - columns[0], rows[-1] + 1 - rows[0]]
                annotations.append(
                    {
                        "id": len(annotations) + 1,
                        "image_id": image,
                        "category_id": categories[part_id],
                        "segmentation": coco_mask(mask),
                        "area": int(mask.sum()),
                        "bbox": [int(side) for side in box],
                        "iscrowd": 0,
                    }
                )
            progress.advance()
    named = [{"id": number, "name": part_id} for part_id, number in categories.items()]
    write_json(OUT, {"images": images, "annotations": annotations, "categories": named})


if __name__ == "__main__":
    main()
