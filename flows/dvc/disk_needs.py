"""What a run will write, estimated from counts and sizes before it starts: renders, squares, caches, models, index."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from cad2real.errors import UserError
from cad2real.files import read_json
from cad2real.layout import Layout
from cad2real.params import Params
from render.views.file_sizes import view_bytes

SQUARE_BYTES_PER_PIXEL = 0.5
"""JPEG of quality 95; the sample's squares have 0.24 on average."""
CACHE_FACTOR = 1.5
"""Renders are cached at this multiple of the network's input (train/stages/probe.py, which would import torch here)."""
LARGEST_OF_RECIPES = 256
"""Pixels: the side of the pictures of Swin, train/networks/families.py."""
MODEL_BYTES = 400_000_000
"""Of a backbone that has not been trained here yet: a ViT-B or SwinV2-B has 350 MB."""
KNOWN_MODEL_BYTES = {
    "tf_efficientnet_lite0": 15_000_000, "tf_efficientnet_lite1": 18_000_000, "tf_efficientnet_lite2": 20_000_000
}  # fmt: skip
CHECKPOINT_MODELS = 8
"""Network, teacher and the optimiser's two averages, twice while a checkpoint takes the place of the last one."""
KEPT_CANDIDATES = 4
"""Epochs that may still be chosen at one time; train/selection/choice.py drops the others."""
FEATURE_BYTES = 5_200
"""Of a render in train/stages/frozen_features.py; networks have 1,280 channels or so at their end."""
INDEX_BYTES_PER_VIEW = 5_500
FINDER_VIEWS, FINDER_PHOTOS = 20_000, 400
"""What the finder's training keeps decoded at most; train/stages/find.py has the limits."""
REST_BYTES = 50_000_000
"""Logs, the report and Prefect's records."""


@dataclass(frozen=True)
class DiskNeed:
    """How many `bytes` a run will write for `what`; `versioned` when DVC puts them into its cache as well."""

    what: str
    bytes: float
    versioned: bool


def estimate_disk_needs(root: Path, params: Params, stages: Collection[str]) -> list[DiskNeed]:
    """What running `stages` will write in the project at `root`. An input that cannot be read counts as nothing: the
    stage that needs it has the better error.
    """
    layout = Layout(root)
    parts = _parts(layout, params)
    views, squares = len(parts) * params.render.views, _squares(layout, params)
    found: list[DiskNeed] = []
    if "render" in stages:
        missing = len(set(parts) - set(_rendered(layout, params, parts)))
        size = (
            missing
            * params.render.views
            * view_bytes(params.render.size, params.render.outputs, params.render.background)
        )
        found.append(DiskNeed(f"renders of {missing} part(s)", size, versioned=True))
    if "find" in stages:
        found += _finder_needs(layout, params, views)
    if "photos" in stages:
        missing = max(0, squares - _existing_squares(layout, params))
        size = missing * params.photos.size**2 * SQUARE_BYTES_PER_PIXEL
        found.append(DiskNeed(f"{missing} square photo(s)", size, versioned=True))
    trained = [stage for stage in ("probe", "adapt") if stage in stages]
    if trained:
        side = _picture_side(params)
        arrays = views * 4 * round(side * CACHE_FACTOR) ** 2 + squares * 3 * side**2
        kept = [path for path in layout.cache.glob("*.npy") if not path.name.startswith("find-")]
        cached = sum(path.stat().st_size for path in kept)
        found.append(DiskNeed("decoded pictures", max(0.0, arrays - cached), versioned=False))
        if "probe" in trained:
            features = views * (params.train.probe.draws + 1) * FEATURE_BYTES
            cached = sum(path.stat().st_size for path in layout.cache.glob("features-*"))
            found.append(DiskNeed("features of the renders", max(0.0, float(features - cached)), versioned=False))
        model = _model_bytes(layout, params)
        networks = sum(params.train.seeds if stage == "adapt" else 1 for stage in trained)
        found.append(DiskNeed(f"{len(trained)} model(s)", networks * model, versioned=True))
        if "adapt" in trained:
            epochs = params.train.epochs
            models = (KEPT_CANDIDATES if epochs == "auto" else min(epochs + 1, KEPT_CANDIDATES)) + CHECKPOINT_MODELS
            need = params.train.seeds * models * model
            found.append(DiskNeed("checkpoints, until the training is finished", need, versioned=False))
    if "index" in stages:
        found.append(DiskNeed("the index", views * INDEX_BYTES_PER_VIEW, versioned=True))
    if stages:
        found.append(DiskNeed("logs and the report", REST_BYTES, versioned=False))
    return [need for need in found if need.bytes]


def _picture_side(params: Params) -> int:
    """Pixels of training's pictures, at most: what a recipe sets for another network than the embedded ones is known to
    the training room alone, which this one does not import.
    """
    train = params.train
    known = "image_size" in train.model_fields_set or train.backbone in KNOWN_MODEL_BYTES
    return train.image_size if known else LARGEST_OF_RECIPES


def _finder_needs(layout: Layout, params: Params, views: int) -> list[DiskNeed]:
    """What the finder's training will write; nothing where no photo is without a box. Whether the photos are plain,
    and need none, shows only when they are opened.
    """
    boxed, whole = _boxed_and_whole(layout, params)
    whole += boxed if params.photos.crop == "found" else 0
    if not whole or params.photos.crop in ("boxes", "whole"):
        return []
    model = KNOWN_MODEL_BYTES.get(params.train.backbone, MODEL_BYTES)
    arrays = (4 * min(views, FINDER_VIEWS) + 3 * min(whole, FINDER_PHOTOS)) * params.find.image_size**2
    cached = sum(path.stat().st_size for path in layout.cache.glob("find-*.npy"))
    return [
        DiskNeed("pictures for the finder", max(0.0, float(arrays - cached)), versioned=False),
        DiskNeed("the finder", model, versioned=True),
        DiskNeed("its checkpoint, until it is trained", CHECKPOINT_MODELS * model, versioned=False),
    ]


def _parts(layout: Layout, params: Params) -> dict[str, float]:
    """When the CAD of each part of the part list was last changed, by part id."""
    from render.parts.company_list import choices_of, read_rows

    try:
        rows, _ = read_rows(layout.root / params.catalogue.parts, params.catalogue.units, choices_of(params.catalogue))
        return {row.part_id: row.file.stat().st_mtime for row in rows}
    except (UserError, OSError):
        return {}


def _rendered(layout: Layout, params: Params, parts: dict[str, float]) -> Iterator[str]:
    """The parts whose renders will most likely be kept: as many, as large and as good as asked, newer than the CAD."""
    render = params.render
    for part_id, changed in parts.items():
        path = layout.renders / part_id / "part.json"
        try:
            part = read_json(path)
            made = (len(part["views"]), part["size"], part["quality"], part["seed"], part["sampler"])
            newer = path.stat().st_mtime >= changed
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if newer and made == (render.views, render.size, render.quality, render.seed, render.sampler):
            yield part_id


def _squares(layout: Layout, params: Params) -> int:
    """How many squares the photos will give: one a box, or one a photo without boxes."""
    return sum(_boxed_and_whole(layout, params))


def _boxed_and_whole(layout: Layout, params: Params) -> tuple[int, int]:
    """How many boxes are given, and how many photos have none."""
    from photos.boxes import box_source, read_boxes

    folder = layout.root / params.photos.folder
    texts = {".csv", ".json", ".md", ".txt", ".yaml"}
    photos = sum(path.is_file() and path.suffix.lower() not in texts for path in folder.rglob("[!.]*"))
    try:
        boxes = box_source(layout.root, params.photos)
        rows = read_boxes(boxes) if boxes else []
    except UserError:
        rows = []
    return len(rows), max(0, photos - len({row.image for row in rows}))


def _existing_squares(layout: Layout, params: Params) -> int:
    """Squares of the wanted size that are there already."""
    from PIL import Image

    existing = list(layout.squares.glob("*.jpg"))
    try:
        return len(existing) if existing and Image.open(existing[0]).width == params.photos.size else 0
    except OSError:
        return 0


def _model_bytes(layout: Layout, params: Params) -> int:
    """The size of one network of the existing model, if it has the same backbone; else an estimate."""
    for folder in (layout.models / "adapt", layout.models / "probe"):
        try:
            description = read_json(folder / "model.json")
            if description["backbone"] == params.train.backbone:
                return (folder / "model.safetensors").stat().st_size // max(1, int(description.get("members", 1)))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return KNOWN_MODEL_BYTES.get(params.train.backbone, MODEL_BYTES)
