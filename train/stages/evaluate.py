"""Scores 1a and 2 on the photos whose labels are known. The only stage that reads target labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cad2real.errors import UserError
from cad2real.files import write_json
from cad2real.layout import Layout
from train.calibration import calibration_error, fit_temperature, scaled
from train.datasets import TargetDomain, read_target, target_labels
from train.metrics import classification_report, top_accuracy
from train.model import Model
from train.params import TrainParams
from train.selection_report import selection_report
from train.stages.domains import compare_domains
from train.stages.held_out import HeldOut, held_out
from train.stages.source import source_domain

STAGES = {"source_only": "probe", "adapted": "adapt"}
FLAT = ("accuracy", "mean_per_class", "macro_f1", "top5_accuracy")
ASKED = ("image_size", "seed", "held_out_share", "source_augment", "background")
FLAT_CALIBRATION = ("temperature", "ece", "ece_scaled")


def run(layout: Layout) -> dict[str, Any]:
    """Writes data/reports/evaluation.json, metrics.json and gap.json; returns the evaluation.

    Photos of a class that no CAD part has cannot be recognised: they are left out of the accuracy and listed.
    """
    models = {name: Model.load(layout.models / folder) for name, folder in STAGES.items()}
    adapted = models["adapted"]
    params = _params(adapted)
    labels = target_labels(layout.squares)
    known = {square: label for square, label in labels.items() if label in adapted.classes}
    unknown = sorted(set(labels.values()) - set(adapted.classes))
    target = read_target(layout.squares, adapted.image_size, layout.cache)
    source = source_domain(layout, params)
    evaluation: dict[str, Any] = {
        "classes": list(adapted.classes),
        "photos": len(known),
        "unlabelled_photos": len(target.squares) - len(labels),
        "classes_without_cad": {label: sum(value == label for value in labels.values()) for label in unknown},
        "seed": adapted.description["seed"],
    }
    if not known:
        evaluation["reason"] = (
            "No photo has the label of a part: put labelled photos into sub-folders named after the labels, or name "
            "labels in the box file."
        )
    else:
        checked = held_out(source, target, params)
        for name, model in models.items():
            evaluation[name] = _figures(model, target, known, checked)
        judged = selection_report(layout.models / STAGES["adapted"], adapted.description, target.squares, known)
        if judged is not None:
            evaluation["selection"] = judged
    write_json(layout.reports / "evaluation.json", evaluation)
    write_json(layout.reports / "metrics.json", _flat(evaluation))
    write_json(layout.reports / "gap.json", compare_domains(models, source, target, known, evaluation["seed"]))
    return evaluation


def _params(model: Model) -> TrainParams:
    """How the model's renders were held out and changed; what else it was trained with is not asked here, so that
    models of other versions can be scored.
    """
    said = model.description.get("parameters", {})
    try:
        return TrainParams.model_validate({key: said[key] for key in ASKED if key in said}, strict=False)
    except ValueError:
        raise UserError(
            "The adapted model was trained by another version of cad2real.", "Run `cad2real train` again."
        ) from None


def _figures(model: Model, target: TargetDomain, known: dict[str, str], checked: HeldOut) -> dict[str, Any]:
    """All figures of one model on the photos whose labels are `known`, as evaluation.json shows them."""
    rows = [row for row, square in enumerate(target.squares) if square in known]
    truth = [known[target.squares[row]] for row in rows]
    columns = np.array([model.classes.index(label) for label in truth], dtype=np.int64)
    probabilities = model.probabilities(target.images[rows], target.extents[rows]).astype(np.float64)
    predicted = [model.classes[int(column)] for column in probabilities.argmax(axis=1)]
    return {
        **classification_report(truth, predicted, model.classes),
        "top5_accuracy": top_accuracy(probabilities, columns, 5),
        "calibration": _calibration(model, probabilities, columns, checked),
        "predictions": [
            {"square": target.squares[row], "label": label, "predicted": guess, "confidence": round(float(share), 4)}
            for row, label, guess, share in zip(rows, truth, predicted, probabilities.max(axis=1), strict=True)
        ],
    }


def _calibration(
    model: Model,
    probabilities: npt.NDArray[np.float64],
    labels: npt.NDArray[np.int64],
    checked: HeldOut,
) -> dict[str, float | int | None]:
    """Calibration error on the photos as they are and at the temperature that fits held-out renders best.

    The renders' classes have to be the model's; where they changed since, there is no temperature.
    """
    same = tuple(checked.source.classes) == model.classes
    temperature = fit_temperature(model.render_probabilities(checked.views()), checked.labels) if same else None
    after = None if temperature is None else calibration_error(scaled(probabilities, temperature), labels)
    return {
        "temperature": temperature,
        "ece": calibration_error(probabilities, labels),
        "ece_scaled": after,
        "held_out_renders": len(checked.rows) if same else 0,
    }


def _flat(evaluation: dict[str, Any]) -> dict[str, float | int]:
    flat: dict[str, float | int] = {"photos": evaluation["photos"], "classes": len(evaluation["classes"])}
    for name in STAGES:
        if name in evaluation:
            figures = evaluation[name]
            flat |= {f"{name}_{key}": round(figures[key], 4) for key in FLAT}
            calibration = figures["calibration"]
            flat |= {
                f"{name}_{key}": round(calibration[key], 4) for key in FLAT_CALIBRATION if calibration[key] is not None
            }
    return flat
