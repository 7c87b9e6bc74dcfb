"""The finder: trained on renders that are pasted onto surfaces, so that it finds parts in photos as they are taken."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from PIL import Image

from cad2real.layout import Layout
from train.data.backgrounds import read_backgrounds
from train.data.datasets import held_out_views, list_views
from train.data.image_cache import load_images
from train.find.composites import Sources
from train.find.finder import save_finder
from train.find.training import FinderRun, found_in_held_out, train_finder
from train.find_params import FindParams
from train.loop.checkpoint import resumable, run_key
from train.measures.detection import best_threshold, detection_scores
from train.params import TrainParams

MOST_VIEWS = 20_000  # evenly from all: more than a run pastes add nothing, and each takes 150 kB of memory
MOST_PHOTOS = 400  # of which corners are used as surfaces; more hardly add variety
BLACK, LEAST_SIDE_PX = 12, 32  # a bar is darker than this, and what is left of a square without bars is larger


def run(layout: Layout, params: TrainParams, find: FindParams) -> dict[str, Any]:
    """Trains the finder and writes data/models/find. Returns its description.

    Corners of the project's squares are surfaces that parts lie on; neither labels nor boxes are read. Raises UserError
    when there are no renders.
    """
    sources, held_out = finder_sources(layout, params, find.image_size)
    settings = params.model_dump(mode="json", include={"backbone", "weights", "seed", "held_out_share"})
    settings["find"] = find.model_dump(mode="json")
    key = run_key(settings, [sources.renders, sources.unlabelled, sources.places])
    with resumable(layout.cache, "find", key) as folder:
        network = train_finder(FinderRun(sources, params, find, folder / "run.safetensors"))
        found = found_in_held_out(network, held_out, find.image_size, params.seed)
        scores = detection_scores(found, best_threshold(found))
        description = {
            "stage": "find",
            "backbone": params.backbone,
            "image_size": find.image_size,
            "threshold": scores.threshold,
            "seed": params.seed,
            "source_images": len(sources.renders),
            "target_images": len(sources.unlabelled),
            "scores": {name: value for name, value in asdict(scores).items() if name != "threshold"},
            "parameters": settings,
        }
        save_finder(layout.models / "find", network, description)
    return description


def finder_sources(layout: Layout, params: TrainParams, size: int) -> tuple[Sources, Sources]:
    """What the finder trains on, and what it is tried on: other views of the same parts, the same
    surfaces. Pictures are kept with a side of `size` pixels.
    """
    views, parts, _ = list_views(layout.renders)
    each = max(1, -(-len(views) // MOST_VIEWS))
    views, parts = views[::each], parts[::each]
    held_out = held_out_views(views, parts, params.held_out_share)
    renders = load_images(views, size, "RGBA", layout.cache, "find-renders").array
    squares = sorted(layout.squares.glob("*.jpg")) + sorted(layout.squares.glob("*.png"))
    squares = squares[:: max(1, -(-len(squares) // MOST_PHOTOS))]
    if not squares:
        print("train find: no photos in data/squares; surfaces are made up.", file=sys.stderr)
    photos = load_images(squares, size, "RGB", layout.cache, "find-squares", without_bars).array
    folder = params.background.folder
    places = read_backgrounds(layout.root / folder if folder else None, size, layout.cache)
    trained = Sources(np.asarray(renders[~held_out]), np.asarray(photos), np.asarray(places.images))
    return trained, replace(trained, renders=np.asarray(renders[held_out])) if held_out.any() else trained


def without_bars(square: Image.Image) -> Image.Image:
    """The square without the black bars that made it one: nothing lies on them."""
    box = square.convert("L").point([0] * BLACK + [255] * (256 - BLACK)).getbbox()
    return square.crop(box) if box and min(box[2] - box[0], box[3] - box[1]) >= LEAST_SIDE_PX else square
