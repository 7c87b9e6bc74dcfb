"""Measures segmentation on photos with masks or boxes: from renders alone, and with each adaptation method.

    PYTHONPATH=. python tools/bench_segment.py --renders DIR --photos DIR --work DIR (--masks COCO | --boxes CSV)
        [--rows NAME ...] [--steps N] [--image_size PX] [--seed N] [--draw]

The network of renders alone is trained once and each method goes on from it. Masks and boxes are read last and only
score. What is done is kept in --work, a row a file, and not done again.
"""

from __future__ import annotations

import argparse
import copy
import json
import time
from pathlib import Path

from cad2real.files import write_json
from cad2real.layout import Layout
from photos.find import find_photos
from train.params import TrainParams
from train.segment.choice import candidate
from train.segment.coco import read_masks
from train.segment.evaluation import against_boxes, against_masks
from train.segment.model import DESCRIPTION, Segmenter, save_segmenter
from train.segment.prediction import SCALES
from train.segment.training import SegmentRun, adapted, trained_on_renders
from train.segment_params import SegmentParams
from train.stages.find import photo_squares
from train.stages.segment import segment_sources

ROWS: dict[str, dict[str, float]] = {
    "source": {},
    "entropy": {"entropy": 0.001},
    "advent": {"advent": 0.001},
    "domain": {"domain_classifier": 0.1},
    "self": {"self_training": 1.0},
    "both": {"self_training": 1.0, "masked_consistency": 1.0},
    "more": {},
}
"""The last goes on with composites alone for as long as the others with photos."""


def main() -> int:
    parser = argparse.ArgumentParser(description="Measures segmentation on photos with masks or boxes.")
    for name in ("renders", "photos", "work"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--masks", type=Path)
    parser.add_argument("--boxes", type=Path)
    parser.add_argument("--rows", nargs="*", choices=list(ROWS), default=list(ROWS))
    parser.add_argument("--seed", type=int, default=0)
    for name in ("steps", "image_size", "batch_size"):
        parser.add_argument(f"--{name}", type=int, default=SegmentParams.model_fields[name].default)
    arguments = parser.parse_args()
    layout = Layout(arguments.work)
    layout.data.mkdir(parents=True, exist_ok=True)
    if not layout.renders.exists():
        layout.renders.symlink_to(arguments.renders.resolve())
    params = TrainParams(seed=arguments.seed)
    segment = SegmentParams(**{name: getattr(arguments, name) for name in ("steps", "image_size", "batch_size")})
    paths = [arguments.photos / name for name in find_photos(arguments.photos)[0]]
    trained, held_out, classes = segment_sources(layout, params, segment, paths)
    squares = photo_squares(paths, SCALES[-1] * segment.image_size, layout.cache)
    for row in dict.fromkeys(["source", *arguments.rows]):
        folder = layout.models / row
        started = time.process_time()
        if not (folder / DESCRIPTION).is_file():
            methods = segment.model_copy(update={"methods": ROWS[row]})
            run = SegmentRun(trained, len(classes.names), params, methods, layout.cache / row)
            if row == "source":
                network = trained_on_renders(run)
            else:
                start = copy.deepcopy(Segmenter.load(layout.models / "source").network)
                network = adapted(run, start, squares)
            figures = candidate(network, held_out, squares, len(classes.names), segment.image_size, params.seed)
            description = {"backbone": params.backbone, "image_size": segment.image_size, **figures.as_dict()}
            description["cpu_s"] = round(time.process_time() - started)
            save_segmenter(folder, network, classes, description)
        report(folder, arguments)
    return 0


def report(folder: Path, arguments: argparse.Namespace) -> None:
    """Scores the network of a row and prints and keeps its figures."""
    kept = folder.with_suffix(".json")
    segmenter = Segmenter.load(folder)
    described = json.loads((folder / DESCRIPTION).read_text())
    figures = {name: described[name] for name in ("source_iou", "agreement", "cpu_s")}
    if arguments.masks:
        figures |= against_masks(segmenter, arguments.photos, read_masks(arguments.masks)).figures
    if arguments.boxes:
        figures |= against_boxes(segmenter, arguments.photos, arguments.boxes).figures
    write_json(kept, figures)
    print(folder.name, json.dumps(figures), flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
