"""The index stage: renders and a model become an index, and labelled photos measure how well it finds parts."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from cad2real.errors import DamagedFileError, UserError
from cad2real.files import atomic_folder, read_json, write_json
from cad2real.layout import Layout
from cad2real.progress import Progress
from photos.manifest import SquareRow, read_manifest
from search.embedding import Embedder, embed_queries
from search.index import Index, IndexedPart, save_index
from search.photo_network import NETWORK
from search.principal import MANY_ROWS, principal_components
from search.ranking import Match, nearest_parts
from search.retrieval_scores import EXAMPLES, TOP, RetrievalScores, choose_examples, retrieval_scores
from search.torch_model import load_model, onnx_of

RETRIEVAL_FILE, EXAMPLES_FILE = "retrieval.json", "examples.json"
BATCH = 64  # photos in memory at once


@dataclass(frozen=True)
class Renders:
    """The rendered parts; `views[i]`, relative to the folder, shows `parts[part_rows[i]]`."""

    parts: tuple[IndexedPart, ...]
    part_rows: tuple[int, ...]
    views: tuple[str, ...]


def build_index(layout: Layout) -> tuple[Index, RetrievalScores]:
    """Writes data/index of the project. Without labelled photos the scores are of 0 photos.

    The adapted model is used, or the source-only one where there is none (no photos to adapt to).
    """
    renders = with_looks(read_renders(layout.renders), layout.catalogue)
    stage, model = load_model(layout.models)
    squares = usable_squares(layout.squares)
    embeddings = model.embed_files([layout.renders / view for view in renders.views], "index")
    short = principal_components(embeddings) if len(embeddings) >= MANY_ROWS else None
    of_parts = np.array(renders.part_rows)
    index = Index(embeddings, renders.parts, of_parts, renders.views, stage, model.key, short, model.temperature)
    labels = index.labels
    # Photos of a class without CAD cannot be found; they are left out of the score and shown nowhere.
    scored = [row for row in squares if row.label in labels and not row.duplicate_of]
    unknown = [row for row in squares if not row.label]
    rows = scored or unknown[:: max(1, len(unknown) // EXAMPLES)][:EXAMPLES]
    found = find_squares(model, index, layout.squares, rows)
    scores = retrieval_scores(found, [row.label for row in rows] if scored else [])
    without_cad = sorted({row.label for row in squares if row.label} - labels)
    with atomic_folder(layout.index) as target:
        save_index(target, index)
        _write_network(target / NETWORK, model)
        write_json(target / RETRIEVAL_FILE, {"photos": scores.photos, "top1": scores.top1, "top5": scores.top5,
                                        "labels_without_cad": without_cad})  # fmt: skip
        write_json(target / EXAMPLES_FILE, _examples(rows, found))
    return index, scores


def _write_network(path: Path, model: Embedder) -> None:
    """Puts the model beside its index in the form in which photos are asked about; without it where there is none."""
    try:
        path.write_bytes(onnx_of(model))
    except UserError as error:
        print(f"note: {error} Photos are searched with torch.", file=sys.stderr)


def read_renders(folder: Path) -> Renders:
    """The parts of renders.json and their views. Raises UserError when there are none."""
    remedy = "Run `cad2real render`."
    parts: list[IndexedPart] = []
    part_rows: list[int] = []
    views: list[str] = []
    try:
        for part_id in read_json(folder / "renders.json", "parts")["parts"]:
            part = read_json(folder / part_id / "part.json", "part_id", "label", "name", "views")
            for view in part["views"]:
                views.append(f"{part_id}/{view['file']}")
                part_rows.append(len(parts))
            size = tuple(round(float(side), 2) for side in part.get("size_mm", ()))
            parts.append(IndexedPart(part["part_id"], part["label"], part["name"], size_mm=size))
    except FileNotFoundError as error:
        raise UserError(f"{error.filename} is missing.", remedy) from None
    except DamagedFileError:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{folder} is damaged ({error}).", remedy) from None
    if not views:
        raise UserError(f"{folder} holds no rendered part.", "Mend the part list, then run `cad2real render`.")
    root = folder.resolve()
    for view in views:
        if not (folder / view).resolve().is_relative_to(root):
            raise UserError(f"{folder} names the view {view}, which lies outside.", remedy)
    return Renders(tuple(parts), tuple(part_rows), tuple(views))


def with_looks(renders: Renders, catalogue: Path) -> Renders:
    """The same with what the catalogue says of each part's look and size, as far as it is there."""
    try:
        said = {part["part_id"]: part for part in read_json(catalogue, "parts")["parts"]}
        looks = {part_id: (one["material"], one["surface"], one["color"]) for part_id, one in said.items()}
    except (OSError, ValueError, KeyError, TypeError):
        return renders
    nothing = ("", "", "")
    parts = []
    for part in renders.parts:
        material, surface, color = map(str, looks.get(part.part_id, nothing))
        parts.append(replace(part, material=material, surface=surface, color=color))
    return replace(renders, parts=tuple(parts))


def usable_squares(folder: Path) -> list[SquareRow]:
    """The squares of `folder`, none where the photos stage has not run."""
    return read_manifest(folder) if folder.exists() else []


def find_squares(model: Embedder, index: Index, folder: Path, rows: Sequence[SquareRow]) -> list[list[Match]]:
    """The nearest parts of each of the squares that `rows` name."""
    found: list[list[Match]] = []
    with Progress("photos", len(rows), "photos") as progress:
        for start in range(0, len(rows), BATCH):
            some = rows[start : start + BATCH]
            pictures = [_picture(folder / row.square) for row in some]
            found += nearest_parts(index, embed_queries(model, index, pictures), TOP)
            progress.advance(len(some))
    return found


def _picture(path: Path) -> Image.Image:
    try:
        with Image.open(path, formats=("JPEG",)) as image:
            return image.convert("RGB")
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error}).", "Run `cad2real photos`.") from None


def _examples(rows: Sequence[SquareRow], found: Sequence[Sequence[Match]]) -> list[dict[str, object]]:
    """What the report shows of the search: square, label, whether the first part is right, the nearest parts."""
    right = [matches[0].label == row.label if row.label else None for row, matches in zip(rows, found, strict=True)]
    return [
        {
            "square": rows[number].square,
            "photo": rows[number].photo,
            "label": rows[number].label,
            "right": right[number],
            "found": [match.as_dict() for match in found[number]],
        }
        for number in choose_examples(rows, right)
    ]
