"""Segmentation: trained on composites of renders, adapted to the project's photos, the better of both kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import photos.finder as photos_finder
from cad2real.layout import Layout
from photos.find import find_photos
from photos.params import PhotosParams
from train.loop.checkpoint import resumable, run_key
from train.params import TrainParams
from train.segment.choice import Candidate, better, candidate
from train.segment.classes import Classes, classes_of
from train.segment.model import save_segmenter
from train.segment.pictures import LabelledSources, UInt8
from train.segment.prediction import SCALES
from train.segment.training import SegmentRun, adapted, trained_on_renders
from train.segment_params import SegmentParams
from train.stages.find import LEAST_PHOTOS, finder_sources, photo_squares, some_views

SEGMENT = "segment"
"""Folder below data/models."""


def run(layout: Layout, params: TrainParams, segment: SegmentParams, photos: PhotosParams) -> dict[str, Any]:
    """Trains the segmentation and writes data/models/segment. Returns its description.

    The project's photos are used whole, without their labels and boxes. Raises UserError when there are no renders.
    """
    paths = project_photos(layout, photos)
    trained, held_out, classes = segment_sources(layout, params, segment, paths)
    squares = photo_squares(paths, SCALES[-1] * segment.image_size, layout.cache)
    settings = params.model_dump(mode="json", include={"backbone", "weights", "seed", "held_out_share"})
    settings["segment"] = segment.model_dump(mode="json")
    of = trained.sources
    in_use = sorted(Path(photos_finder.__path__[0]).glob("*.py"))
    key = run_key(settings, [of.renders, of.unlabelled, of.places, trained.classes, squares], in_use)
    with resumable(layout.cache, "segment", key) as folder:
        work = SegmentRun(trained, len(classes.names), params, segment, folder)
        candidates = _candidates(work, held_out, squares)
        chosen = better(*candidates) if len(candidates) > 1 else candidates[0]
        description = {
            "stage": "segment",
            "backbone": params.backbone,
            "image_size": segment.image_size,
            "run_key": key,
            "seed": params.seed,
            "source_images": len(of.renders),
            "target_images": len(squares) if len(candidates) > 1 else 0,
            "adapted": chosen is not candidates[0],
            "scores": chosen.as_dict(),
            "choice": dict(zip(("source", "adapted"), (one.as_dict() for one in candidates), strict=False)),
            "parameters": settings,
        }
        return save_segmenter(layout.models / SEGMENT, chosen.network, classes, description)


def _candidates(work: SegmentRun, held_out: LabelledSources, photos: UInt8) -> list[Candidate]:
    """The network that learned from renders alone, and where there are methods and some photos (m, 3, s, s) the one
    that went on with them.
    """
    image_size, seed = work.segment.image_size, work.params.seed

    def tried(network: Any) -> Candidate:
        return candidate(network, held_out, photos, work.classes, image_size, seed)

    network = trained_on_renders(work)
    source = tried(network)
    if len(photos) < LEAST_PHOTOS or not work.segment.methods:
        return [source]
    return [source, tried(adapted(work, network, photos))]


def project_photos(layout: Layout, params: PhotosParams) -> list[Path]:
    """The project's photos; none where there is no folder of them yet. Those that cannot be used are listed by
    `cad2real photos`.
    """
    folder = layout.root / params.folder
    return [folder / name for name in find_photos(folder)[0]] if folder.is_dir() else []


def segment_sources(
    layout: Layout, params: TrainParams, segment: SegmentParams, photos: list[Path]
) -> tuple[LabelledSources, LabelledSources, Classes]:
    """What trains, what it is tried on (other views of the same parts), and the classes. Corners of `photos` are
    surfaces that parts lie on.
    """
    trained, tried = finder_sources(layout, params, segment.image_size, photos)
    _, labels, held_out = some_views(layout, params)
    classes = classes_of(layout.renders, segment.classes, labels)
    numbers = np.array([classes.number(label) for label in labels], np.int64)
    kept = numbers[held_out] if held_out.any() else numbers
    return LabelledSources(trained, numbers[~held_out]), LabelledSources(tried, kept), classes
