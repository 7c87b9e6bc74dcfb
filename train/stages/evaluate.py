"""Scores 1a and 2 on the photos whose labels are known. The only stage that reads target labels."""

from __future__ import annotations

from typing import Any

from cad2real.files import write_json
from cad2real.layout import Layout
from train.datasets import read_target, target_labels
from train.metrics import classification_report
from train.model import Model

STAGES = {"source_only": "probe", "adapted": "adapt"}


def run(layout: Layout) -> dict[str, Any]:
    """Writes data/reports/evaluation.json and metrics.json; returns the evaluation.

    Photos of a class that no CAD part has cannot be recognised: they are left out of the accuracy and listed.
    """
    models = {name: Model.load(layout.models / folder) for name, folder in STAGES.items()}
    adapted = models["adapted"]
    labels = target_labels(layout.squares)
    known = {square: label for square, label in labels.items() if label in adapted.classes}
    unknown = sorted(set(labels.values()) - set(adapted.classes))
    evaluation: dict[str, Any] = {
        "classes": list(adapted.classes),
        "photos": len(known),
        "unlabelled_photos": 0,
        "classes_without_cad": {label: sum(value == label for value in labels.values()) for label in unknown},
        "seed": adapted.description["seed"],
    }
    target = read_target(layout.squares, adapted.image_size, layout.cache)
    evaluation["unlabelled_photos"] = len(target.squares) - len(labels)
    if not known:
        evaluation["reason"] = (
            "No photo has the label of a part: put labelled photos into sub-folders named after the labels, or name "
            "labels in the box file."
        )
    rows = [row for row, square in enumerate(target.squares) if square in known]
    for name, model in models.items() if known else ():
        probabilities = model.probabilities(target.images[rows], target.extents[rows])
        predictions: list[dict[str, Any]] = [
            {
                "square": target.squares[row],
                "label": known[target.squares[row]],
                "predicted": model.classes[int(scores.argmax())],
                "confidence": round(float(scores.max()), 4),
            }
            for row, scores in zip(rows, probabilities, strict=True)
        ]
        report = classification_report(
            [p["label"] for p in predictions], [p["predicted"] for p in predictions], model.classes
        )
        evaluation[name] = {**report, "predictions": predictions}
    write_json(layout.reports / "evaluation.json", evaluation)
    write_json(layout.reports / "metrics.json", _flat(evaluation))
    return evaluation


def _flat(evaluation: dict[str, Any]) -> dict[str, float | int]:
    flat: dict[str, float | int] = {"photos": evaluation["photos"], "classes": len(evaluation["classes"])}
    for name in STAGES:
        if name in evaluation:
            flat[f"{name}_accuracy"] = round(evaluation[name]["accuracy"], 4)
            flat[f"{name}_mean_per_class"] = round(evaluation[name]["mean_per_class"], 4)
    return flat
