"""`cad2real search evaluate`: how well a project's parts are found and new things noticed, on its labelled photos.

Every row is label-free up to its score: labels of photos only score.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cad2real.errors import UserError
from cad2real.files import write_json
from cad2real.layout import Layout
from photos.duplicates import without_labels_of
from photos.manifest import MANIFEST, SquareRow
from search.evaluation.left_out import LeftOut, left_out, without_classes
from search.evaluation.looks import LooksScores, looks_scores
from search.handicaps import with_handicaps
from search.index import DESCRIPTION, Index, IndexedPart, check_model, load_index
from search.looks.heads import load_looks
from search.model.embedding import Embedder, embed_queries
from search.model.outlines import load_outlines
from search.model.torch_model import load_model
from search.ranking import Queries, part_distances, part_similarities
from search.renders import read_renders
from search.scores.parts import PartScores, part_scores
from search.stage import BATCH, embed_views, picture_of, usable_squares
from train.sizes.size_prior import SizePrior

TEMPLATES = 5  # of a part, as CNOS averages them
MOST_FOREIGN = 10_000
EVALUATION_FILE = "search.json"

ROWS = ("frozen", "source_only", "views", "adapted", "added", "distractors")


@dataclass(frozen=True)
class Evaluation:
    """`rows`: scores by their name in ROWS, without those that cannot be had; `left_out`: how well photos of classes
    that were left out are noticed; `foreign`: renders of other parts in the index; `looks`: what the heads for
    material, surface and colour know.
    """

    rows: dict[str, PartScores]
    left_out: LeftOut
    foreign: int
    looks: LooksScores

    def as_dict(self) -> dict[str, Any]:
        return {
            "rows": {name: scores.as_dict() for name, scores in self.rows.items()},
            **self.left_out.as_dict(),
            "foreign_renders": self.foreign,
            "looks": self.looks.as_dict(),
        }


def evaluate(layout: Layout, foreign: Path | None = None) -> Evaluation:
    """Scores the index of a project on its labelled photos. `foreign`: a folder of renders of other parts, which are
    put among its own. Raises UserError without labelled photos, or where index and model do not belong together.
    """
    index = load_index(layout.index)
    model = load_model(layout.models, index.model_stage)[1]
    check_model(index, model.key)
    known = without_labels_of(model.learned, usable_squares(layout.squares), layout.squares)
    squares = [row for row in known if row.label in index.labels and not row.duplicate_of]
    if not squares:
        raise UserError("No photo has the label of a part.", "Put photos into folders that are called like the labels.")
    queries = _queries(model, index, layout.squares, squares, load_outlines(layout.index, model.classes))
    right = np.array([[part.label == row.label for part in index.parts] for row in squares])
    rows = {
        "adapted": part_scores(part_distances(index, queries)[0], right),
        "views": part_scores(part_distances(index, Queries(queries.embeddings))[0], right),
        "added": _added(index, queries, right),
        **_before(layout, index, squares, right),
    }
    renders = 0
    if foreign is not None:
        larger, renders = _with_foreign(index, model, foreign)
        rows["distractors"] = _among(with_handicaps(larger, model.classes), index, queries, right)
    looks = load_looks(layout.index, index.model_key, index.embeddings.shape[1])
    return Evaluation(
        {name: one for name in ROWS if (one := rows.get(name)) is not None},
        left_out(index, queries, right),
        renders,
        looks_scores(looks, index, queries.embeddings, right),
    )


def write_evaluation(layout: Layout, evaluation: Evaluation) -> None:
    """Writes data/reports/search.json, for the report: `evaluation`, and of which index and photos it is."""
    of = {"index": layout.index / DESCRIPTION, "photos": layout.squares / MANIFEST}
    hashes = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in of.items()}
    write_json(layout.reports / EVALUATION_FILE, {"of": hashes, **evaluation.as_dict()})


def _queries(
    model: Embedder, index: Index, folder: Path, squares: Sequence[SquareRow], outlines: SizePrior | None = None
) -> Queries:
    some = [
        embed_queries(
            model, index, [picture_of(folder / row.square) for row in squares[start : start + BATCH]], outlines
        )
        for start in range(0, len(squares), BATCH)
    ]
    probabilities = [one.probabilities for one in some if one.probabilities is not None]
    return Queries(
        np.concatenate([one.embeddings for one in some]), np.concatenate(probabilities) if probabilities else None
    )


def _before(
    layout: Layout, index: Index, squares: Sequence[SquareRow], right: npt.NDArray[np.bool_]
) -> dict[str, PartScores | None]:
    """The same photos with the model from before adaptation, and with its backbone, which no training has changed."""
    try:
        model = load_model(layout.models, "probe")[1]
    except UserError:
        return {}
    if index.model_key == model.key:
        return {}
    before = replace(index, embeddings=embed_views(layout, model, index.views), principal=None)
    queries = _queries(model, before, layout.squares, squares)
    nearest = part_similarities(before, queries.embeddings, TEMPLATES)
    return {
        "source_only": part_scores(part_distances(before, queries)[0], right),
        "frozen": part_scores(1 - nearest, right),
    }


def _added(index: Index, queries: Queries, right: npt.NDArray[np.bool_]) -> PartScores | None:
    """Each part in turn as one that the classifier has not learned. Its embedding has seen the part in training, so
    this says what the classifier's knowledge is worth, not what a new part's photos get. Every second photo of the
    others stands for those of the project.
    """
    if queries.probabilities is None:
        return None
    found = np.zeros(right.shape)
    for label in sorted(index.labels):
        own = np.array([part.label == label for part in index.parts])
        rows = right[:, own].any(axis=1)
        if rows.any():
            there = without_classes(queries.probabilities[rows], own, index)
            there[:, own] = np.nan
            others = {part.label for part, is_own in zip(index.parts, own, strict=True) if not is_own}
            without = with_handicaps(replace(index, photos=queries.embeddings[~rows][::2]), others)
            found[rows] = part_distances(without, Queries(queries.embeddings[rows], there))[0]
    return part_scores(found, right)


def _with_foreign(index: Index, model: Embedder, folder: Path) -> tuple[Index, int]:
    renders = read_renders(folder)
    views = renders.views[:MOST_FOREIGN]
    embeddings = model.embed_files([folder / view for view in views], "foreign renders")
    parts = tuple(IndexedPart(f"foreign {number}", "", "") for number in range(len(renders.parts)))
    numbers = np.array(renders.part_rows[: len(views)]) + len(index.parts)
    return index.with_rows(embeddings, numbers, views, parts), len(views)


def _among(larger: Index, index: Index, queries: Queries, right: npt.NDArray[np.bool_]) -> PartScores | None:
    """Foreign parts are such that were added without training."""
    others = len(larger.parts) - len(index.parts)
    probabilities = queries.probabilities
    if probabilities is not None:
        probabilities = np.pad(probabilities, ((0, 0), (0, others)), constant_values=np.nan)
    distances = part_distances(larger, Queries(queries.embeddings, probabilities))[0]
    return part_scores(distances, np.pad(right, ((0, 0), (0, others))))
