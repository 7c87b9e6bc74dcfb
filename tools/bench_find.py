"""Measures the finder on photos with boxes: recall at an IoU of .5, and average precision on photos of one part.

    python tools/bench_find.py --renders DIR --photos DIR --boxes CSV --work DIR [--steps N] [--size PX] [--seed N]

Trains on the renders (`cad2real render` makes them) and on corners of the photos, then looks for parts in every photo.
Boxes are read last and only score. Where a photo's boxes may be incomplete, recall counts on all photos and precision
on photos with one box only. `--draw DIR` keeps sheets of photos with found boxes (green) and given ones (red).
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from cad2real.files import write_json
from cad2real.layout import Layout
from photos.boxes import read_boxes
from photos.find import find_photos
from photos.finder.finder import Finder
from photos.opening import open_photo
from photos.params import PhotosParams
from train.find.scores import FoundBoxes, detection_scores
from train.find.training import found_boxes
from train.find_params import FindParams
from train.params import TrainParams
from train.stages import find as stage

SHEET = (6, 4, 240)  # columns, rows, pixels of a photo


def trained(arguments: argparse.Namespace) -> tuple[Finder, float]:
    """The finder, trained in the folder `--work` unless it lies there, and the CPU seconds that took."""
    layout = Layout(arguments.work)
    if (layout.models / "find" / "finder.json").is_file() and not arguments.again:
        return Finder.load(layout.models / "find"), float("nan")
    layout.data.mkdir(parents=True, exist_ok=True)
    if not layout.renders.exists():
        layout.renders.symlink_to(arguments.renders.resolve())
    find = FindParams(**{name: getattr(arguments, name) for name in ("steps", "image_size", "batch_size")})
    started = time.process_time()
    photos = PhotosParams(folder=str(arguments.photos.resolve()), boxes=None)
    description = stage.run(layout, TrainParams(seed=arguments.seed), find, photos)
    print("held-out composites", json.dumps(description["scores"]), "threshold", description["threshold"])
    return Finder.load(layout.models / "find"), time.process_time() - started


def true_boxes(boxes: Path, folder: Path) -> dict[str, np.ndarray]:
    """Boxes (t, 4) of each photo that has some, by its path relative to `folder`."""
    found: dict[str, list[tuple[float, float, float, float]]] = {}
    for row in read_boxes(boxes):
        if row.box is not None:
            path = boxes.parent / row.image if (boxes.parent / row.image).is_file() else folder / row.image
            name = path.resolve().relative_to(folder.resolve()).as_posix()
            found.setdefault(name, []).append((row.box.x_min, row.box.y_min, row.box.x_max, row.box.y_max))
    return {name: np.array(rows, np.float32) for name, rows in found.items()}


def drawn(photo: Image.Image, found: FoundBoxes, threshold: float) -> Image.Image:
    picture, pen = photo.copy(), max(2, max(photo.size) // 150)
    draw = ImageDraw.Draw(picture)
    for box in found.true:
        draw.rectangle(tuple(float(side) for side in box), outline="red", width=pen)
    for box, score in zip(found.boxes, found.scores, strict=True):
        if score >= threshold:
            x, y, right, bottom = (float(side) for side in box)
            draw.rectangle((x, y, right, bottom), outline="lime", width=pen)
            draw.text((x + pen, y + pen), f"{score:.2f}", "lime", font_size=pen * 7)
    return ImageOps.pad(picture, (SHEET[2] - 4, SHEET[2] - 4))


def main() -> int:
    parser = argparse.ArgumentParser(description="Measures the finder on photos with boxes.")
    parser.add_argument("--renders", type=Path, required=True)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--boxes", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--draw", type=Path)
    parser.add_argument("--again", action="store_true", help="train even where a finder lies in --work")
    parser.add_argument("--seed", type=int, default=0)
    for name in ("steps", "image_size", "batch_size"):
        parser.add_argument(f"--{name}", type=int, default=FindParams.model_fields[name].default)
    arguments = parser.parse_args()
    finder, cost = trained(arguments)
    names, _ = find_photos(arguments.photos)
    given = true_boxes(arguments.boxes, arguments.photos) if arguments.boxes else {}
    pictures, thumbnails, started = {}, [], time.process_time()
    shown = names[:: max(1, len(names) // (SHEET[0] * SHEET[1]))]
    for name in names:
        with open_photo(arguments.photos / name) as photo:
            picture = photo.read()
        pictures[name] = found_boxes(finder.look(picture), given.get(name, np.zeros((0, 4), np.float32)))
        if arguments.draw and name in shown:
            thumbnails.append(drawn(picture, pictures[name], finder.description.threshold))
    seconds = (time.process_time() - started) / max(1, len(names))
    report(pictures, finder.description.threshold, cost, seconds, arguments)
    if arguments.draw:
        columns, rows, side = SHEET
        sheet = Image.new("RGB", (columns * side, rows * side))
        for place, thumbnail in enumerate(thumbnails[: columns * rows]):
            sheet.paste(thumbnail, (place % columns * side, place // columns * side))
        arguments.draw.mkdir(parents=True, exist_ok=True)
        sheet.save(arguments.draw / "found.png")
    return 0


def report(
    pictures: dict[str, FoundBoxes], threshold: float, cost: float, seconds: float, arguments: argparse.Namespace
) -> None:
    """Prints the figures and keeps them in `--work`/find.json."""
    boxed = [one for one in pictures.values() if len(one.true)]
    single = [one for one in boxed if len(one.true) == 1]
    at_threshold, at_any = detection_scores(boxed, threshold), detection_scores(boxed, 0.0)
    alone = detection_scores(single, threshold)
    figures = {
        "photos": len(pictures), "photos_with_boxes": len(boxed), "boxes": sum(len(one.true) for one in boxed),
        "threshold": threshold, "recall": at_threshold.recall, "recall_at_any_score": at_any.recall,
        "photos_of_one": len(single), "ap50_of_one": alone.average_precision,
        "recall_of_one": alone.recall, "precision_of_one": alone.precision,
        "found_a_photo": float(np.mean([(one.scores >= threshold).sum() for one in pictures.values()])),
        "photos_without_find": sum(not (one.scores >= threshold).any() for one in pictures.values()),
        "training_cpu_s": cost, "cpu_s_a_photo": seconds, "seed": arguments.seed, "steps": arguments.steps,
    }  # fmt: skip
    write_json(arguments.work / "find.json", figures)
    for name, value in figures.items():
        print(f"{name:22} {value:.4g}" if isinstance(value, float) else f"{name:22} {value}")


if __name__ == "__main__":
    raise SystemExit(main())
