"""Given and found boxes as a data set of a usual format, which CVAT, Label Studio, FiftyOne and trainers open."""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal
from xml.sax.saxutils import escape

from cad2real.errors import Skipped, UserError
from cad2real.files import atomic_folder, write_json, write_text
from photos.annotations.row import UNLABELLED
from photos.learned import with_all_labels
from photos.manifest import SquareRow
from photos.opening import open_photo

ExportFormat = Literal["coco", "yolo", "voc"]
IMAGES = {"coco": "images", "yolo": "images", "voc": "JPEGImages"}
AS_IT_IS = (".jpg", ".jpeg", ".png", ".bmp", ".webp")  # what every program opens


@dataclass(frozen=True)
class MarkedPhoto:
    """A photo of the data set: its `name` below the folder of images, its size in pixels, and the rows of its boxes."""

    name: str
    width: int
    height: int
    rows: Sequence[SquareRow]

    @property
    def stem(self) -> str:
        return str(PurePosixPath(self.name).with_suffix(""))


def export_boxes(squares: Path, folder: Path, kind: ExportFormat, out: Path) -> tuple[int, int, list[Skipped]]:
    """Writes the data set `out` of the photos in `folder` and their boxes in squares/photos.csv. Photos come along,
    upright, as links where they can be used as they are. Whole photos have no box. Returns how many photos and boxes,
    and what was skipped. Raises UserError where `out` holds something already.
    """
    by_photo: defaultdict[str, list[SquareRow]] = defaultdict(list)
    for row in with_all_labels(squares):
        by_photo[row.photo] += [row] if row.x_min else []
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out} is there already.", "Name a new folder.")
    marked: list[MarkedPhoto] = []
    skipped: list[Skipped] = []
    with atomic_folder(out) as target:
        names = _names(sorted(by_photo))
        for photo, rows in sorted(by_photo.items()):
            try:
                size = _bring(folder / photo, target / IMAGES[kind] / names[photo])
            except UserError as error:
                skipped.append(Skipped(photo, str(folder), str(error)))
                continue
            marked.append(MarkedPhoto(names[photo], *size, rows))
        labels = sorted({_label(row) for one in marked for row in one.rows})
        {"coco": _write_coco, "yolo": _write_yolo, "voc": _write_voc}[kind](target, marked, labels)
    return len(marked), sum(len(one.rows) for one in marked), skipped


def _names(photos: Sequence[str]) -> dict[str, str]:
    """Names that are still different without their extension; what has to be converted becomes a JPEG."""
    taken: set[str] = set()
    names = {}
    for photo in photos:
        path = PurePosixPath(photo)
        stem = path.with_suffix("").as_posix()
        while stem in taken:
            stem += f"_{path.suffix[1:].lower() or 'photo'}"
        taken.add(stem)
        names[photo] = stem + (path.suffix if path.suffix.lower() in AS_IT_IS else ".jpg")
    return names


def _bring(photo: Path, place: Path) -> tuple[int, int]:
    """Puts the upright photo at `place`; its width and height. Raises UserError."""
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open_photo(photo) as opened:
            size = (opened.width, opened.height)
            if opened.orientation == 1 and photo.suffix.lower() == place.suffix.lower():
                _link(photo, place)
            else:
                opened.read().save(place, quality=95)
    except OSError as error:
        raise UserError(f"cannot be read ({error.strerror or error}).", "Bring it back.") from None
    return size


def _link(photo: Path, place: Path) -> None:
    try:
        os.link(photo.resolve(), place)
    except OSError:  # another file system, or one without hard links
        shutil.copyfile(photo, place)


def _label(row: SquareRow) -> str:
    return row.label or UNLABELLED


def _corners(row: SquareRow) -> tuple[float, float, float, float]:
    return float(row.x_min), float(row.y_min), float(row.x_max), float(row.y_max)


def _write_coco(target: Path, photos: Sequence[MarkedPhoto], labels: Sequence[str]) -> None:
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    numbers = {label: number for number, label in enumerate(labels, start=1)}
    for image_id, photo in enumerate(photos, start=1):
        images.append({"id": image_id, "file_name": photo.name, "width": photo.width, "height": photo.height})
        for row in photo.rows:
            left, top, right, bottom = _corners(row)
            entry: dict[str, object] = {
                "id": len(annotations) + 1,
                "image_id": image_id,
                "category_id": numbers[_label(row)],
                "bbox": [left, top, right - left, bottom - top],
                "area": (right - left) * (bottom - top),
                "segmentation": [],
                "iscrowd": 0,
            }
            annotations.append(entry | ({"score": float(row.score)} if row.score else {}))
    categories = [{"id": number, "name": label, "supercategory": ""} for label, number in numbers.items()]
    content = {"info": {}, "licenses": [], "images": images, "categories": categories, "annotations": annotations}
    write_json(target / "annotations.json", content)


def _write_yolo(target: Path, photos: Sequence[MarkedPhoto], labels: Sequence[str]) -> None:
    import yaml

    for photo in photos:
        lines = []
        for row in photo.rows:
            left, top, right, bottom = _corners(row)
            middle = ((left + right) / 2 / photo.width, (top + bottom) / 2 / photo.height)
            sides = ((right - left) / photo.width, (bottom - top) / photo.height)
            lines.append(" ".join([str(labels.index(_label(row))), *(f"{share:.8f}" for share in (*middle, *sides))]))
        write_text(target / "labels" / f"{photo.stem}.txt", "".join(f"{line}\n" for line in lines))
    description = {"path": ".", "train": "images", "val": "images", "names": dict(enumerate(labels))}
    write_text(target / "data.yaml", yaml.safe_dump(description, allow_unicode=True, sort_keys=False))


def _write_voc(target: Path, photos: Sequence[MarkedPhoto], labels: Sequence[str]) -> None:
    for photo in photos:
        objects = []
        for row in photo.rows:
            sides = zip(("xmin", "ymin", "xmax", "ymax"), _corners(row), strict=True)
            box = "".join(f"<{side}>{value:.10g}</{side}>" for side, value in sides)
            objects.append(f"  <object><name>{escape(_label(row))}</name><bndbox>{box}</bndbox></object>\n")
        size = f"<width>{photo.width}</width><height>{photo.height}</height><depth>3</depth>"
        head = f"  <filename>{escape(photo.name)}</filename>\n  <size>{size}</size>\n"
        place = target / "Annotations" / f"{photo.stem}.xml"
        write_text(place, f"<annotation>\n{head}{''.join(objects)}</annotation>\n")
    write_text(target / "ImageSets" / "Main" / "default.txt", "".join(f"{photo.stem}\n" for photo in photos))
    write_text(target / "labelmap.txt", "# label:color_rgb:parts:actions\n" + "".join(f"{one}:::\n" for one in labels))
