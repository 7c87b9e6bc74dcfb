"""Draws the two pictures of docs/how-to/find.md: what the finder trains on, and what it finds in such pictures.

    PYTHONPATH=. python tools/finder_pictures.py --renders DIR --out DIR [--finder DIR]

Renders as `cad2real render` writes them; no photos are shown, so that the pictures may be passed on. The finder may
have learned from other parts.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from photos.finder.finder import Finder
from train.data.datasets import list_views
from train.data.image_cache import load_images
from train.find.composites import Composite, Sources, composite
from train.find.scores import FoundBoxes, matched
from train.find.training import found_boxes

COLUMNS, ROWS, SIDE, GAP, QUALITY = 6, 3, 192, 2, 80
FOUND, MISSED, WRONG = "lime", "red", "orange"


def sheet(pictures: list[Image.Image]) -> Image.Image:
    whole = Image.new("RGB", (COLUMNS * (SIDE + GAP) - GAP, ROWS * (SIDE + GAP) - GAP), "white")
    for place, picture in enumerate(pictures):
        at = (place % COLUMNS * (SIDE + GAP), place // COLUMNS * (SIDE + GAP))
        whole.paste(picture.resize((SIDE, SIDE), Image.Resampling.BICUBIC), at)
    return whole


def with_boxes(one: Composite, boxes: list[tuple[np.ndarray, str]]) -> Image.Image:
    picture = Image.fromarray(one.picture.transpose(1, 2, 0))
    draw = ImageDraw.Draw(picture)
    for box, colour in boxes:
        draw.rectangle([float(side) for side in box], outline=colour, width=max(1, picture.width // SIDE))
    return picture


def judged(found: FoundBoxes, threshold: float) -> list[tuple[np.ndarray, str]]:
    """Found boxes, right or wrong, and the true ones that were missed."""
    sure = found.scores >= threshold
    kept = FoundBoxes(found.boxes[sure], found.scores[sure], found.true)
    right = matched(kept)
    hit = matched(FoundBoxes(kept.true, np.ones(len(kept.true), np.float32), kept.boxes[right]))
    missed = [(box, MISSED) for box, there in zip(kept.true, hit, strict=True) if not there]
    return missed + [(box, FOUND if good else WRONG) for box, good in zip(kept.boxes, right, strict=True)]


def main() -> int:
    parser = argparse.ArgumentParser(description="Draws the pictures of docs/how-to/find.md.")
    parser.add_argument("--renders", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--finder", type=Path)
    arguments = parser.parse_args()
    views, _, _ = list_views(arguments.renders)
    renders = np.asarray(load_images(views, SIDE, "RGBA", arguments.out / ".cache", "find-renders").array)
    none = np.zeros((0, 3, 1, 1), np.uint8)
    sources = Sources(renders, none, none)
    made = [composite(sources, SIDE, 0, number) for number in range(COLUMNS * ROWS)]
    shown = [with_boxes(one, [(box, FOUND) for box in one.boxes]) for one in made]
    sheet(shown).save(arguments.out / "finder_composites.jpg", quality=QUALITY)
    if arguments.finder:
        finder = Finder.load(arguments.finder)
        made = [composite(sources, 2 * SIDE, 1, number) for number in range(COLUMNS * ROWS)]
        seen = [found_boxes(finder.look(Image.fromarray(one.picture.transpose(1, 2, 0))), one.boxes) for one in made]
        drawn = [with_boxes(o, judged(s, finder.description.threshold)) for o, s in zip(made, seen, strict=True)]
        sheet(drawn).save(arguments.out / "finder_found.jpg", quality=QUALITY)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
