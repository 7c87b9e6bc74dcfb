"""The finder: trained on renders that are pasted onto surfaces, so that it finds parts in photos as they are taken."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

import photos.finder as photos_finder
from cad2real.errors import UserError
from cad2real.files import read_json
from cad2real.layout import Layout
from photos.finder.finder import DESCRIPTION, Finder, FinderDescription, onnx_network, parts_key
from photos.finder.look import SCALES
from photos.looking import FINDER, Looking
from photos.opening import open_photo
from photos.params import PhotosParams
from train.data.backgrounds import read_backgrounds
from train.data.datasets import held_out_views, list_views
from train.data.evenly import evenly
from train.data.image_cache import Recipe, cached, load_images, to_array, upright_square
from train.find.adaptation import adapted_finder
from train.find.choice import Candidate, better, candidate
from train.find.composites import Sources
from train.find.export import onnx_of, save_finder, save_no_finder
from train.find.likeness import Likeness, likeness
from train.find.need import photos_to_look_through, why_no_finder
from train.find.network import FinderNetwork
from train.find.training import FinderRun, found_in_held_out, train_finder
from train.find_params import FindParams
from train.loop.checkpoint import resumable, run_key
from train.params import TrainParams

MOST_VIEWS = 20_000  # evenly from all: more than a run pastes add nothing, and each takes 150 kB of memory
MOST_PHOTOS = 400  # that are used, as surfaces and to adapt to; more hardly add variety
LEAST_PHOTOS = 8  # to adapt to
MOST_NEW = 2  # times as many photos as a finder learned from, from which it is trained again
MOST_BYTES = 200_000_000  # a file; larger ones are no photos, or take longer than they are worth here
BLACK, LEAST_SIDE_PX = 12, 32  # a bar is darker than this, and what is left of a photo without bars is larger


def run(
    layout: Layout, params: TrainParams, find: FindParams, photos: PhotosParams, if_needed: bool = False
) -> dict[str, Any]:
    """Trains the finder and writes data/models/find. Returns its description; with `if_needed`, where the photos need
    none, `not_needed` says why.

    Corners of the project's photos are surfaces that parts lie on, and the finder goes on with the photos themselves;
    neither labels nor boxes are read, but for which photos have boxes. Raises UserError when there are no renders.
    """
    unframed = photos_to_look_through(layout, photos)
    if if_needed and (reason := why_no_finder(unframed, photos)):
        save_no_finder(layout.models / FINDER, reason)
        return {"not_needed": reason}
    sources, held_out = finder_sources(layout, params, find.image_size, unframed)
    settings = params.model_dump(mode="json", include={"backbone", "weights", "seed", "held_out_share"})
    settings["find"] = find.model_dump(mode="json")
    in_use = sorted(Path(photos_finder.__path__[0]).glob("*.py"))  # what is found depends on it, and so the threshold
    parts = run_key(settings, [sources.renders, sources.places], in_use)
    if if_needed and (kept := _kept(layout, parts, len(unframed))):
        return kept
    key = run_key(settings, [sources.renders, sources.unlabelled, sources.places], in_use)
    squares = photo_squares(unframed, SCALES[-1] * find.image_size, layout.cache)
    with resumable(layout.cache, "find", key) as folder:
        candidates = _candidates(FinderRun(sources, params, find, folder / "run.safetensors"), held_out, squares)
        chosen = better(*candidates) if len(candidates) > 1 else candidates[0]
        alike = _likeness(chosen, unframed, params, find, photos, sources.renders)
        description = {
            "stage": "find",
            "backbone": params.backbone,
            "image_size": find.image_size,
            "threshold": chosen.scores.threshold,
            "parts_key": parts_key(layout.renders),
            "run_key": key,
            "trained_key": parts,
            "photos": len(unframed),
            "seed": params.seed,
            "source_images": len(sources.renders),
            "target_images": len(sources.unlabelled),
            "scores": _figures(chosen),
            "adapted": chosen is not candidates[0],
            "likeness": alike.as_dict(),
            "set_aside": alike.reason,
            "choice": dict(zip(("source", "adapted"), map(_figures, candidates), strict=False)),
            "parameters": settings,
        }
        save_finder(layout.models / FINDER, chosen.network, description)
    return description


def _candidates(run: FinderRun, held_out: Sources, photos: npt.NDArray[np.uint8]) -> list[Candidate]:
    """The finder that learned from renders alone, and where there are some photos (m, 3, s, s) the one that went on
    with them.
    """
    image_size, seed = run.find.image_size, run.params.seed

    def tried(network: FinderNetwork) -> Candidate:
        content = onnx_of(network)
        in_use = onnx_network(content)
        found = found_in_held_out(in_use, held_out, image_size, seed)
        return candidate(content, in_use, found, photos, image_size)

    network = train_finder(run)
    source = tried(network)
    if len(photos) < LEAST_PHOTOS:
        return [source]
    adaptation = replace(run, checkpoint=run.checkpoint.with_name("photos.safetensors"))
    return [source, tried(adapted_finder(adaptation, network, photos, source.scores.threshold))]


def _likeness(
    chosen: Candidate,
    unframed: Sequence[Path],
    params: TrainParams,
    find: FindParams,
    photos: PhotosParams,
    renders: npt.NDArray[np.uint8],
) -> Likeness:
    """How like the renders is what the chosen finder finds in the photos, and how like them are whole photos."""
    description = FinderDescription(image_size=find.image_size, threshold=chosen.scores.threshold)
    looking = Looking(Finder(onnx_network(chosen.network), description, ""))
    return likeness(looking, unframed, photos.border, renders, params)


def _figures(one: Candidate) -> dict[str, float | None]:
    return {name: _known(value) for name, value in one.as_dict().items()}


def _known(value: float) -> float | None:
    """JSON has no number for what is not defined."""
    return None if math.isnan(value) else value


def _kept(layout: Layout, key: str, photos: int) -> dict[str, Any] | None:
    """The description of the finder that is there, if it learned from the same parts in the same way. Of photos it
    needs to know what parts lie on: new ones alone are no reason to train it again, until they are the most of all.
    """
    folder = layout.models / FINDER
    try:
        Finder.load(folder)
        description: dict[str, Any] = read_json(folder / DESCRIPTION, "scores", "trained_key", "parts_key", "photos")
        enough = photos <= MOST_NEW * int(description["photos"])
    except (UserError, OSError, ValueError, TypeError):
        return None
    same = (description["trained_key"], description["parts_key"]) == (key, parts_key(layout.renders))
    return description if same and enough else None


def finder_sources(layout: Layout, params: TrainParams, size: int, photos: Sequence[Path]) -> tuple[Sources, Sources]:
    """What the finder trains on, and what it is tried on: other views of the same parts, the same surfaces. Pictures
    are kept with a side of `size` pixels. Of `photos` some are used.
    """
    views, _, held_out = some_views(layout, params)
    renders = load_images(views, size, "RGBA", layout.cache, "find-renders").array
    folder = params.background.folder
    places = read_backgrounds(layout.root / folder if folder else None, size, layout.cache)
    surfaces = _surfaces(photos, size, layout.cache)
    trained = Sources(np.asarray(renders[~held_out]), surfaces, np.asarray(places.images))
    return trained, replace(trained, renders=np.asarray(renders[held_out])) if held_out.any() else trained


def some_views(layout: Layout, params: TrainParams) -> tuple[list[Path], list[str], npt.NDArray[np.bool_]]:
    """The views (n) that are used of all that are rendered, their labels, and which of them (n,) never train."""
    views, parts, labels = list_views(layout.renders)
    some = evenly(np.arange(len(views)), MOST_VIEWS)
    views, parts, labels = ([each[row] for row in some] for each in (views, parts, labels))
    return views, labels, held_out_views(views, parts, params.held_out_share)


def _surfaces(photos: Sequence[Path], size: int, cache: Path) -> npt.NDArray[np.uint8]:
    """Some of the photos (n, 3, size, size), whatever their shape, without their bars."""
    return _pictures(photos, size, cache, f"find-photos-{size}", without_bars)


def photo_squares(photos: Sequence[Path], size: int, cache: Path) -> npt.NDArray[np.uint8]:
    """Some of the photos (n, 3, size, size) as they are looked at, padded with black to squares."""
    return _pictures(photos, size, cache, f"find-squares-{size}", upright_square)


def _pictures(
    photos: Sequence[Path], size: int, cache: Path, name: str, made: Callable[[Image.Image], Image.Image]
) -> npt.NDArray[np.uint8]:
    """Some of the photos as `made` of them; those that cannot be used are left out, which `cad2real photos` lists."""
    some = [photos[row] for row in evenly(np.arange(len(photos)), MOST_PHOTOS)]
    some = [path for path in some if path.is_file() and path.stat().st_size <= MOST_BYTES]

    def picture(row: int) -> npt.NDArray[np.uint8]:
        try:
            with open_photo(some[row]) as photo:
                shown = photo.read(min(1.0, 2 * size / max(photo.width, photo.height)))
            return to_array(made(shown), size, "RGB")
        except (UserError, MemoryError, OSError):
            return np.zeros((3, size, size), np.uint8)

    pictures = cached(cache, name, Recipe("decode photos", some, str(size), (3, size, size), np.uint8, picture)).array
    return np.asarray(pictures[pictures.any(axis=(1, 2, 3))])


def without_bars(photo: Image.Image) -> Image.Image:
    """The photo without black bars at its sides: nothing lies on them."""
    box = photo.convert("L").point([0] * BLACK + [255] * (256 - BLACK)).getbbox()
    return photo.crop(box) if box and min(box[2] - box[0], box[3] - box[1]) >= LEAST_SIDE_PX else photo
