"""Renders in the formats of other tools: imagefolder, coco, webdataset, bop."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cad2real.errors import UserError
from cad2real.files import atomic_folder, read_json, write_json

SHARD_VIEWS = 1000


@dataclass(frozen=True)
class RenderedView:
    """One picture of a renders folder with its part's and its own entries of part.json."""

    picture: Path
    part: dict[str, Any]
    view: dict[str, Any]

    @property
    def stem(self) -> str:
        return f"{self.part['part_id']}_{Path(self.view['file']).stem}"

    @property
    def alpha(self) -> NDArray[np.uint8]:
        """How much of each pixel the part covers, (h, w): a picture with a background has it in a file beside it."""
        if "alpha" in self.view:
            return np.asarray(Image.open(self.picture.parent / Path(self.view["alpha"]).name).convert("L"))
        return np.asarray(Image.open(self.picture).convert("RGBA"))[..., 3]


def export(renders: Path, format_name: str, out: Path) -> int:
    """Writes all views of `renders` to the folder `out`; returns their count. Raises UserError where that cannot be."""
    writer = FORMATS.get(format_name)
    if writer is None:
        raise UserError(f"--format {format_name!r} is not known.", f"Use one of {', '.join(FORMATS)}.")
    views = list(_views(renders))
    if not views:
        raise UserError(f"{renders} has no renders.", "Run `cad2real render` first, or name a folder with --renders.")
    if out.exists() and any(out.iterdir() if out.is_dir() else [out]):
        raise UserError(f"{out} exists and is not an empty folder.", "Name a new folder with --out.")
    with atomic_folder(out) as folder:
        writer(views, folder)
    return len(views)


def _views(renders: Path) -> Iterator[RenderedView]:
    for described in sorted(renders.glob("*/part.json")):
        part = read_json(described, "views")
        for view in part["views"]:
            # Only names: what a file says never leads out of its folder.
            yield RenderedView(described.parent / Path(view["file"]).name, part, view)


def _imagefolder(views: list[RenderedView], folder: Path) -> None:
    """`<label>/<part_id>_view_000.png`, as torchvision's ImageFolder reads it."""
    for view in views:
        (folder / view.part["label"]).mkdir(exist_ok=True)
        shutil.copyfile(view.picture, folder / view.part["label"] / f"{view.stem}.png")


def _coco(views: list[RenderedView], folder: Path) -> None:
    """`images/` and `annotations.json` with a box and an uncompressed RLE mask a view; categories are labels."""
    (folder / "images").mkdir()
    labels = sorted({view.part["label"] for view in views})
    images, annotations = [], []
    for number, view in enumerate(views, 1):
        name = f"{view.stem}.png"
        shutil.copyfile(view.picture, folder / "images" / name)
        alpha = view.alpha > 127
        height, width = alpha.shape
        x_min, y_min, x_max, y_max = view.view["box"]
        images.append({"id": number, "file_name": name, "width": width, "height": height})
        annotations.append(
            {
                "id": number,
                "image_id": number,
                "category_id": labels.index(view.part["label"]) + 1,
                "bbox": [x_min, y_min, x_max - x_min, y_max - y_min],
                "area": int(alpha.sum()),
                "iscrowd": 0,
                "segmentation": {"size": [height, width], "counts": run_lengths(alpha)},
            }
        )
    categories = [{"id": number, "name": label} for number, label in enumerate(labels, 1)]
    write_json(folder / "annotations.json", {"images": images, "annotations": annotations, "categories": categories})


def run_lengths(mask: NDArray[np.bool_]) -> list[int]:
    """COCO's uncompressed run lengths of a mask: down the columns, beginning with the count of zeros."""
    flat = np.concatenate([[False], mask.ravel(order="F"), [False]])
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    runs = np.diff(np.concatenate([[0], edges, [mask.size]]))
    return [int(run) for run in (runs[:-1] if runs[-1] == 0 and len(runs) > 1 else runs)]


def _webdataset(views: list[RenderedView], folder: Path) -> None:
    """`shard-000000.tar` ... with `<key>.png`, `<key>.cls` (index of the label) and `<key>.json`, and `labels.json`."""
    labels = sorted({view.part["label"] for view in views})
    write_json(folder / "labels.json", labels)
    for start in range(0, len(views), SHARD_VIEWS):
        with tarfile.open(folder / f"shard-{start // SHARD_VIEWS:06d}.tar", "w") as shard:
            for view in views[start : start + SHARD_VIEWS]:
                described = {key: value for key, value in view.part.items() if key != "views"} | view.view
                files = {
                    "png": view.picture.read_bytes(),
                    "cls": str(labels.index(view.part["label"])).encode(),
                    "json": json.dumps(described).encode(),
                }
                for suffix, content in files.items():
                    # WebDataset takes everything after the first dot for the suffix.
                    entry = tarfile.TarInfo(f"{view.stem.replace('.', '_')}.{suffix}")
                    entry.size = len(content)
                    shard.addfile(entry, io.BytesIO(content))


def _bop(views: list[RenderedView], folder: Path) -> None:
    """One scene a part: rgb/, depth/ and mask_visib/ where rendered, scene_camera.json and scene_gt.json (mm)."""
    part_ids = sorted({view.part["part_id"] for view in views})
    write_json(folder / "objects.json", {str(number): part_id for number, part_id in enumerate(part_ids, 1)})
    for number, part_id in enumerate(part_ids, 1):
        scene = folder / f"{number:06d}"
        cameras, truths = {}, {}
        for image, view in enumerate(view for view in views if view.part["part_id"] == part_id):
            described, source = view.view, view.picture.parent
            copies = [(described["file"], f"rgb/{image:06d}.png")]
            copies += [(described["depth_png"], f"depth/{image:06d}.png")] if "depth_png" in described else []
            copies += [(described["mask"], f"mask_visib/{image:06d}_000000.png")] if "mask" in described else []
            for name, target in copies:
                (scene / target).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source / Path(name).name, scene / target)
            flat = [value for row in described["intrinsics"] for value in row]
            cameras[str(image)] = {"cam_K": flat, "depth_scale": described.get("depth_png_step_mm", 1.0)}
            truths[str(image)] = [
                {
                    "cam_R_m2c": [value for row in described["extrinsics"] for value in row[:3]],
                    "cam_t_m2c": [row[3] * 1000 for row in described["extrinsics"]],
                    "obj_id": number,
                }
            ]
        write_json(scene / "scene_camera.json", cameras)
        write_json(scene / "scene_gt.json", truths)


FORMATS: dict[str, Callable[[list[RenderedView], Path], None]] = {
    "imagefolder": _imagefolder,
    "coco": _coco,
    "webdataset": _webdataset,
    "bop": _bop,
}
