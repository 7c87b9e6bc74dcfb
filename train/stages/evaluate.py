"""Scores 1a and 2 on the photos whose labels are known. The only stage that reads target labels.

Both are asked in the same way: with the turned copies and the sizes that the adapted model is used with. So what lies
between them is the adaptation of the network.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from cad2real.errors import UserError
from cad2real.files import write_json
from cad2real.layout import Layout
from train.data.datasets import TargetDomain, read_target, target_labels
from train.data.held_out import HeldOut, held_out
from train.data.labelled import withheld
from train.measures.accuracy import classification_report, top_accuracy
from train.measures.calibration import at_temperature, calibration_error
from train.measures.open_set import open_set_metrics
from train.model import Model
from train.params import TrainParams
from train.selection.hindsight import selection_report
from train.sizes.size_prior import fuse
from train.stages.domain_gap import compare_domains
from train.stages.source_domain import source_domain
from train.stages.sureness import Sureness, sureness_on

STAGES = {"source_only": "probe", "adapted": "adapt"}
NO_LABELS = (
    "No photo has the label of a part: put labelled photos into sub-folders named after the labels, or name labels in "
    "the box file."
)
ALL_TRAIN = (
    "The labels of all photos that have one train, and such photos do not score. Leave some of them out of "
    "training_labels.csv (train.labels: csv)."
)
FLAT = ("accuracy", "mean_per_class", "macro_f1", "top5_accuracy")
USED_PARAMETERS = ("image_size", "seed", "held_out_share", "unknown_share", "source_augment", "background")
FLAT_WITHOUT_SIZES = ("accuracy", "mean_per_class")
FLAT_CALIBRATION = ("temperature", "ece", "ece_scaled")
FLAT_OPEN_SET = ("known_accepted", "accuracy_of_accepted", "unknown_rejected", "auroc", "h_score")


def run(layout: Layout) -> dict[str, Any]:
    """Writes data/reports/evaluation.json, metrics.json and gap.json; returns the evaluation.

    Photos of a class that no CAD part has cannot be recognised: they are left out of the accuracy and listed. Where
    `train.unknown_share` is set, `open_set` reports how many of them are rejected as unknown.
    """
    models = {name: Model.load(layout.models / folder) for name, folder in STAGES.items()}
    adapted = models["adapted"]
    models["source_only"] = _asked_as(adapted, models["source_only"])
    params = trained_params(adapted)
    labels = target_labels(layout.squares, adapted.learned | models["source_only"].learned)
    with_cad = {square: label for square, label in labels.items() if label in adapted.classes}
    unknown = sorted(set(labels.values()) - set(adapted.classes))
    target = read_target(layout.squares, adapted.image_size, layout.cache)
    source = source_domain(layout, params)
    evaluation: dict[str, Any] = {
        "classes": list(adapted.classes),
        "photos": len(with_cad),
        "unlabelled_photos": len(target.squares) - len(labels) - withheld(layout.squares),
        "labelled_photos": adapted.description.get("labelled_photos", 0),
        "classes_without_cad": {label: sum(value == label for value in labels.values()) for label in unknown},
        "seed": adapted.description["seed"],
    }
    if not with_cad:
        evaluation["reason"] = ALL_TRAIN if evaluation["labelled_photos"] else NO_LABELS
    else:
        # Nothing of these photos may set what they are judged by: none of them stands behind these renders.
        renders = held_out(source, TargetDomain.empty(source.images.shape[-1]), params)
        for name, model in models.items():
            evaluation[name] = _figures(model, target, labels, renders)
        folder = layout.models / STAGES["adapted"]
        own = adapted.description.get("target_key", target.photos_key) == target.photos_key
        selection = selection_report(folder, adapted.description, target.squares, with_cad) if own else None
        if selection is not None:
            evaluation["selection"] = selection
    write_json(layout.reports / "evaluation.json", evaluation)
    write_json(layout.reports / "metrics.json", _flat(evaluation))
    write_json(layout.reports / "gap.json", compare_domains(models, source, target, with_cad, evaluation["seed"]))
    return evaluation


def _asked_as(adapted: Model, model: Model) -> Model:
    """`model` with the turned copies and the size prior of `adapted`, which tells of the camera and the parts."""
    prior = adapted.prior if model.classes == adapted.classes else None
    return Model(model.network, model.description | {"rotations": adapted.description["rotations"]}, model.key, prior)


def trained_params(model: Model) -> TrainParams:
    """How the model's renders were held out and changed; its other parameters are not read, so that models of other
    versions can be scored.
    """
    stored = model.description.get("parameters", {})
    try:
        return TrainParams.model_validate({key: stored[key] for key in USED_PARAMETERS if key in stored}, strict=False)
    except ValueError:
        raise UserError(
            "The adapted model was trained by another version of cad2real.", "Run `cad2real train` again."
        ) from None


def _figures(model: Model, target: TargetDomain, labels: dict[str, str], renders: HeldOut) -> dict[str, Any]:
    """All figures of one model on the photos with known `labels` (square -> label), as evaluation.json shows them."""
    rows = [row for row, square in enumerate(target.squares) if labels.get(square) in model.classes]
    truth = [labels[target.squares[row]] for row in rows]
    columns = np.array([model.classes.index(label) for label in truth], dtype=np.int64)
    alone = model.probabilities(target.images[rows]).astype(np.float64)
    probabilities = fuse(alone, model.prior, target.extents[rows])
    predicted = [model.classes[int(column)] for column in probabilities.argmax(axis=1)]
    by_network = [model.classes[int(column)] for column in alone.argmax(axis=1)]
    without_sizes = classification_report(truth, by_network, model.classes)
    sureness = _sureness(model, renders)
    open_set = {}
    if sureness.unknown_below is not None:
        names = [labels.get(square) for square in target.squares]
        without_cad = [row for row, name in enumerate(names) if name is not None and name not in model.classes]
        unknown = model.probabilities(target.images[without_cad]).max(axis=1)
        right = probabilities.argmax(axis=1) == columns
        open_set = {"open_set": open_set_metrics(alone.max(axis=1), right, unknown, sureness.unknown_below)}
    return {
        **classification_report(truth, predicted, model.classes),
        "top5_accuracy": top_accuracy(probabilities, columns, 5),
        "without_sizes": {key: without_sizes[key] for key in FLAT_WITHOUT_SIZES},
        "calibration": _calibration(sureness, alone, columns),
        **open_set,
        "predictions": [
            {"square": target.squares[row], "label": label, "predicted": guess, "confidence": round(float(share), 4)}
            for row, label, guess, share in zip(rows, truth, predicted, probabilities.max(axis=1), strict=True)
        ],
    }


def _sureness(model: Model, renders: HeldOut) -> Sureness:
    """What was found out when the model was adapted. 1a's model, and those of before there was one, have none: theirs
    is found here, with no photo behind the renders.
    """
    stored = model.description
    if "temperature" in stored:
        return Sureness(stored["temperature"], model.unknown_below, stored.get("held_out_renders", 0))
    # The renders' classes have to be the model's; where they changed since, its confidence on renders means nothing.
    if tuple(renders.source.classes) != model.classes:
        return Sureness(None, None, 0)
    found = sureness_on(model, renders)
    return found if model.unknown_below is None else replace(found, unknown_below=model.unknown_below)


def _calibration(
    sureness: Sureness, probabilities: npt.NDArray[np.float64], labels: npt.NDArray[np.int64]
) -> dict[str, float | int | None]:
    """Calibration error on the photos as they are and at the temperature. `probabilities` are the network's alone, as
    those on renders were: a render has no size in a photo.
    """
    temperature = sureness.temperature
    after = None if temperature is None else calibration_error(at_temperature(probabilities, temperature), labels)
    return {
        "temperature": temperature,
        "ece": calibration_error(probabilities, labels),
        "ece_scaled": after,
        "held_out_renders": sureness.held_out_renders,
    }


def _flat(evaluation: dict[str, Any]) -> dict[str, float | int]:
    flat: dict[str, float | int] = {"photos": evaluation["photos"], "classes": len(evaluation["classes"])}
    for name in STAGES:
        if name in evaluation:
            figures = evaluation[name]
            flat |= {f"{name}_{key}": round(figures[key], 4) for key in FLAT}
            flat |= {
                f"{name}_{key}_without_sizes": round(figures["without_sizes"][key], 4) for key in FLAT_WITHOUT_SIZES
            }
            for block, keys in (("calibration", FLAT_CALIBRATION), ("open_set", FLAT_OPEN_SET)):
                values = figures.get(block, {})
                flat |= {f"{name}_{key}": round(values[key], 4) for key in keys if values.get(key) is not None}
    return flat
