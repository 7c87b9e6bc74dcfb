"""Renders that never trained as questions to the index: how a search answers what it has not seen, without photos."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from search.index import Index
from search.model.embedding import Embedder, queries_of
from search.ranking import Floats, Queries
from search.ties import tie_margin
from search.usual import with_usual

LEAST_QUESTIONS = 200  # each held-out render is changed at random so often that there are as many
MOST_RENDERS = 1000


@dataclass(frozen=True)
class HeldOutRenders:
    """Embeddings (q, d) and class probabilities (q, classes) of held-out renders, changed at random as training changes
    them, and each one's view as an index names it.
    """

    embeddings: Floats
    probabilities: Floats
    views: tuple[str, ...]


def held_out_renders(model: Embedder, renders: Path) -> HeldOutRenders | None:
    """Those in the folder `renders` by the share that `model` was trained with; None where there are none."""
    from train.data.datasets import SourceDomain, TargetDomain, held_out_views, list_views
    from train.data.evenly import evenly
    from train.data.held_out import HeldOut
    from train.data.image_cache import load_images
    from train.model import Model
    from train.params import TrainParams

    if not isinstance(model, Model) or "parameters" not in model.description:
        return None
    try:
        params = TrainParams.model_validate(model.description["parameters"], strict=False)
    except ValidationError:  # of a model of before
        return None
    paths, parts, _ = list_views(renders)
    kept = evenly(np.flatnonzero(held_out_views(paths, parts, params.held_out_share)), MOST_RENDERS)
    if not len(kept):
        return None
    some = [paths[row] for row in kept]
    images, _ = load_images(some, params.image_size, "RGBA", None, "held-out renders")
    nobody = np.zeros(len(kept), dtype=np.int64)
    all_of_them = np.ones(len(kept), dtype=bool)
    source = SourceDomain(images, nobody, all_of_them, ("",), tuple(parts[row] for row in kept), tuple(some))
    rows = np.tile(np.arange(len(kept)), -(-LEAST_QUESTIONS // len(kept)))
    changed = HeldOut(source, TargetDomain.empty(images.shape[-1]), params, rows)
    views = tuple(some[row].relative_to(renders).as_posix() for row in rows)
    return HeldOutRenders(*model.embed_and_classify_renders(changed.views(model.network.mean.device)), views)


def measured(model: Embedder, index: Index, held_out: HeldOutRenders, photos: Queries | None) -> Index:
    """`index` with what `held_out` renders say: from where answers are tied (`search.ties`), and how like its views a
    photo of each part is (`search.usual`), by unlabelled `photos` too.
    """
    there = np.array([view in index.row_of for view in held_out.views])  # a part may have been removed by hand
    if not there.any():
        return index
    rows = np.array([index.row_of[view] for view in held_out.views if view in index.row_of])
    questions = queries_of(model.classes, index, held_out.embeddings[there], held_out.probabilities[there])
    own, others = index.part_rows[rows], index.without_rows(np.unique(rows))
    parts = with_usual(others, questions.embeddings, own, photos).parts
    return replace(index, parts=parts, tie_margin=tie_margin(others, questions, own))
