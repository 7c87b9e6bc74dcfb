"""The index stage: renders and a model become an index, and labelled photos measure how well it finds parts."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import batched
from pathlib import Path

import numpy as np
from PIL import Image

from cad2real.errors import UserError
from cad2real.files import atomic_folder, write_json
from cad2real.layout import Layout
from cad2real.params import load_params
from cad2real.progress import Progress
from photos.duplicates import without_labels_of
from photos.manifest import SquareRow, read_manifest
from search.additions import Changed, Changes, is_photo, one_at_a_time, read_changes, tell, view_path, with_changes
from search.handicaps import MOST_PHOTOS, usual_photos, with_handicaps
from search.held_out import held_out_renders, measured
from search.index import Index, IndexedPart, save_index
from search.looks.fitting import fit_looks
from search.looks.heads import save_looks
from search.looks.photo_shift import photo_shift
from search.model.embedding import Embedder, embed_queries, queries_of
from search.model.outlines import outlines_of, save_outlines
from search.model.photo_network import NETWORK
from search.model.torch_model import load_model, onnx_of
from search.principal import MANY_ROWS, principal_components
from search.ranking import Floats, Match, Queries, nearest_parts, part_distances
from search.renders import Renders, catalogue_parts, read_renders, with_looks
from search.scores.parts import part_scores
from search.scores.retrieval import EXAMPLES, TOP, RetrievalScores, choose_examples, retrieval_scores
from search.stores.publishing import publish
from train.sizes.size_prior import SizePrior

RETRIEVAL_FILE, EXAMPLES_FILE, SCORES_FILE = "retrieval.json", "examples.json", "scores.json"
BATCH = 64  # photos in memory at once


def build_index(layout: Layout) -> tuple[Index, RetrievalScores]:
    """Writes data/index of the project. Without labelled photos the scores are of 0 photos.

    The adapted model is used, or the source-only one where there is none (no photos to adapt to).
    """
    with one_at_a_time(layout):
        return _build_index(layout)


def _build_index(layout: Layout) -> tuple[Index, RetrievalScores]:
    listed, changes = with_looks(read_renders(layout.renders), layout.catalogue), read_changes(layout)
    changed = with_changes(listed, changes)
    tell(listed, changes)
    stage, model = load_model(layout.models)
    squares = without_labels_of(model.learned, usable_squares(layout.squares), layout.squares)
    index = embedded(layout, changed, stage, model)
    labels = index.labels
    # Photos of a class without CAD cannot be found; they are left out of the score and shown nowhere.
    scored = [row for row in squares if row.label in labels and not row.duplicate_of]
    unknown = [row for row in squares if not row.label]
    rows = scored or unknown[:: max(1, len(unknown) // EXAMPLES)][:EXAMPLES]
    outlines = outlines_of(layout.models / stage, model.classes)
    found, queries = find_squares(model, index, layout.squares, rows, outlines)
    scores = retrieval_scores(found, [row.label for row in rows] if scored else [])
    without_cad = sorted({row.label for row in squares if row.label} - labels)
    shift = photo_shift(model, [layout.squares / row.square for row in squares])
    looks = fit_looks(index, layout, _unseen(layout, listed, changes), shift)
    with atomic_folder(layout.index) as target:
        save_index(target, index)
        save_looks(target, looks)
        save_outlines(target, outlines)
        _write_network(target / NETWORK, model)
        write_json(target / RETRIEVAL_FILE, {"photos": scores.photos, "top1": scores.top1, "top5": scores.top5,
                                        "labels_without_cad": without_cad})  # fmt: skip
        write_json(target / EXAMPLES_FILE, _examples(rows, found))
        write_json(target / SCORES_FILE, _part_scores(index, queries, [row.label for row in scored]))
        publish(layout, load_params(layout.params).search, index)
    return index, scores


def _unseen(layout: Layout, listed: Renders, changes: Changes) -> list[IndexedPart]:
    """The parts of the catalogue that have no renders yet, and metadata that heads may know."""
    there = {part.part_id for part in listed.parts} | {part.part_id for part in changes.parts} | set(changes.removed)
    parts = [part for part in catalogue_parts(layout.catalogue) if part.part_id not in there]
    return [part for part in parts if part.material or part.surface or part.color]


def embedded(layout: Layout, changed: Changed, stage: str, model: Embedder) -> Index:
    """The index of all views of `changed` by the `model` of `stage`. Raises UserError without a view."""
    renders = changed.renders
    if not renders.views:
        raise UserError("No part is left in the index.", "Bring one back: cad2real index add PART.")
    of_parts = np.array([*renders.part_rows, *(part for part, _ in changed.photos)], dtype=np.int64)
    views = (*renders.views, *(view for _, view in changed.photos))
    embeddings = embed_views(layout, model, views)
    index = Index(embeddings, renders.parts, of_parts, views, stage, model.key, None, model.temperature)
    photos, held_out = _some_photos(layout, model, index), held_out_renders(model, layout.renders)
    if held_out is not None:
        index = measured(model, index, held_out, photos)
    index = replace(index, photos=None if photos is None else usual_photos(index, photos.embeddings, model.classes))
    return shortened(with_handicaps(index, model.classes))


def _some_photos(layout: Layout, model: Embedder, index: Index) -> Queries | None:
    """Some of the photos, whatever they show; None where there are none."""
    from train.data.evenly import evenly

    squares = usable_squares(layout.squares)
    rows = [squares[row] for row in evenly(np.arange(len(squares)), MOST_PHOTOS)]
    asked = [
        model.embed_and_classify([picture_of(layout.squares / row.square) for row in some])
        for some in batched(rows, BATCH, strict=False)
    ]
    if not asked:
        return None
    embeddings, probabilities = (np.concatenate(answers) for answers in zip(*asked, strict=True))
    return queries_of(model.classes, index, embeddings, probabilities)


def shortened(index: Index) -> Index:
    """The same with the short form that an index of its size has."""
    many = len(index.embeddings) >= MANY_ROWS
    return replace(index, principal=principal_components(index.embeddings) if many else None)


def embed_views(layout: Layout, model: Embedder, views: Sequence[str]) -> Floats:
    """Embeddings (n, d) of an index's views: of renders as such, of photos that were added as photos."""
    renders = [view for view in views if not is_photo(view)]
    of_view = dict(zip(renders, model.embed_files([view_path(layout, view) for view in renders], "index"), strict=True))
    for view in views:
        if is_photo(view):
            of_view[view] = model.embed_and_classify([picture_of(view_path(layout, view))])[0][0]
    return np.stack([of_view[view] for view in views])


def _write_network(path: Path, model: Embedder) -> None:
    """Puts the model beside its index in the form in which photos are asked about; without it where there is none."""
    try:
        path.write_bytes(onnx_of(model))
    except UserError as error:
        print(f"note: {error} Photos are searched with torch.", file=sys.stderr)


def usable_squares(folder: Path) -> list[SquareRow]:
    """The squares of `folder`, none where the photos stage has not run."""
    return read_manifest(folder) if folder.exists() else []


def find_squares(
    model: Embedder, index: Index, folder: Path, rows: Sequence[SquareRow], outlines: SizePrior | None = None
) -> tuple[list[list[Match]], list[Queries]]:
    """The nearest parts of each of the squares that `rows` name, and the questions that were asked, some at a time."""
    found: list[list[Match]] = []
    asked: list[Queries] = []
    with Progress("photos", len(rows), "photos") as progress:
        for start in range(0, len(rows), BATCH):
            some = rows[start : start + BATCH]
            asked.append(embed_queries(model, index, [picture_of(folder / row.square) for row in some], outlines))
            found += nearest_parts(index, asked[-1], TOP)
            progress.advance(len(some))
    return found, asked


def _part_scores(index: Index, asked: Sequence[Queries], labels: Sequence[str]) -> dict[str, dict[str, float | int]]:
    """Scores at the level of parts of photos with these labels: as the search answers, and by the views alone, as parts
    are found that were added without training. Nothing without labels.
    """
    if not labels:
        return {}
    ways = {"answers": asked, "views": [Queries(queries.embeddings) for queries in asked]}
    right = np.array([[part.label == label for part in index.parts] for label in labels])
    scores = {}
    for way, queries in ways.items():
        distances = np.concatenate([part_distances(index, some)[0] for some in queries])
        if (one := part_scores(distances, right)) is not None:
            scores[way] = one.as_dict()
    return scores


def picture_of(path: Path) -> Image.Image:
    """A square photo. Raises UserError when it cannot be read."""
    try:
        with Image.open(path, formats=("JPEG", "PNG")) as image:
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
