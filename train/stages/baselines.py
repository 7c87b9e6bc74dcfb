"""What simpler ways reach on the photos whose labels are known, to compare the adapted model with: no part of a run.

- `nearest_templates`: no training at all. A part is as likely as the mean of its five renders that lie nearest to the
  photo, in features of the frozen backbone (the rule of CNOS, Nguyen et al., ICCV workshops 2023).
- `aligned`: frozen features again, with covariances aligned, pseudo-labels and an ensemble of heads (PACE, see
  `train.stages.pace`): the photos are seen, no layer is trained. Not for photos other than those adapted to: it answers
  many photos at once.
- `fine_tuned`: all layers trained on renders, photos never seen (domain generalisation); `cad2real train finetune`.

The linear probe ("source only") and the adapted model are scored by `evaluate`. All are asked with the same turned
copies, and with the same size prior, where they give probabilities. Labels only score.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cad2real.files import write_json
from cad2real.layout import Layout
from train.data.datasets import SourceDomain, TargetDomain, read_target, target_labels
from train.measures.accuracy import classification_report
from train.model import Model
from train.sizes.size_prior import fuse
from train.stages.evaluate import trained_params
from train.stages.frozen_features import frozen_features
from train.stages.pace import pace
from train.stages.source_domain import source_domain

Float = npt.NDArray[np.float64]
NEAREST = 5  # templates of a part, as in CNOS
SHOWN = ("accuracy", "mean_per_class")
TITLES = {
    "nearest_templates": "nearest renders, untrained",
    "aligned": "frozen features, aligned",
    "fine_tuned": "fine-tuned on renders",
}


def run(layout: Layout) -> dict[str, Any]:
    """Writes data/reports/baselines.json and returns it: figures by row, none without labelled photos. Needs
    models/probe, models/finetune and models/adapt; raises UserError where one is missing.
    """
    tuned, probe, adapted = (Model.load(layout.models / name) for name in ("finetune", "probe", "adapt"))
    target = read_target(layout.squares, adapted.image_size, layout.cache)
    labels = target_labels(layout.squares, tuned.learned | probe.learned | adapted.learned)
    rows = [row for row, square in enumerate(target.squares) if labels.get(square) in adapted.classes]
    truth = [labels[target.squares[row]] for row in rows]
    result: dict[str, Any] = {"photos": len(rows)}
    if rows:
        source = source_domain(layout, trained_params(adapted))
        turns = {"rotations": adapted.description["rotations"]}
        probe, tuned = (Model(model.network, model.description | turns, model.key) for model in (probe, tuned))
        nearest = nearest_templates(probe, source, target.images[rows])
        result["nearest_templates"] = _figures(truth, nearest, source.classes)

        def figures(of: Model, alone: Float) -> dict[str, Any]:
            sized = fuse(alone, adapted.prior if of.classes == adapted.classes else None, target.extents[rows])
            without = _figures(truth, alone, of.classes)
            return {**_figures(truth, sized, of.classes), "without_sizes": without}

        result["fine_tuned"] = figures(tuned, tuned.probabilities(target.images[rows]))
        if target.photos_key == adapted.description["target_key"]:
            result["aligned"] = figures(probe, _aligned(layout, probe, source, target)[rows])
    write_json(layout.reports / "baselines.json", result)
    return result


def nearest_templates(model: Model, source: SourceDomain, photos: npt.NDArray[np.uint8]) -> Float:
    """Scores (m, c) of photos (m, 3, s, s) for each class: of its best part the mean cosine of the NEAREST renders."""
    similarities = model.embed_pixels(photos, "target") @ model.embed_pixels(source.images, "source").T
    parts = np.array(source.parts)
    scores = np.full((len(similarities), len(source.classes)), -np.inf)
    for part in sorted(set(source.parts)):
        own = np.flatnonzero(parts == part)
        best = np.sort(similarities[:, own], axis=1)[:, -NEAREST:].mean(axis=1)
        column = source.labels[own[0]]
        scores[:, column] = np.maximum(scores[:, column], best)
    return scores


def _aligned(layout: Layout, probe: Model, source: SourceDomain, target: TargetDomain) -> Float:
    """Probabilities (m, c) of all photos by PACE: it learns from all, whether their labels are known or not."""
    params = trained_params(probe)
    frozen = frozen_features(probe.network, source, params, layout.cache)
    turns = range(0, 4, 4 // probe.description["rotations"])
    looks = np.stack([probe.pooled(np.rot90(target.images, turn, (2, 3))) for turn in turns])
    return pace(frozen.trained, frozen.trained_labels, looks, len(probe.classes), params.probe, params.seed)


def _figures(truth: list[str], scores: Float, classes: tuple[str, ...]) -> dict[str, float]:
    guesses = [classes[int(column)] for column in scores.argmax(axis=1)]
    report = classification_report(truth, guesses, classes)
    return {key: report[key] for key in SHOWN}
