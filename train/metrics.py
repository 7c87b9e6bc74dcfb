"""Accuracy of predictions: overall, mean per class, a row per class, and the confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support


def classification_report(truth: Sequence[str], predicted: Sequence[str], classes: Sequence[str]) -> dict[str, Any]:
    """Figures for labelled photos; `truth` and `predicted` hold labels out of `classes`, at least one row.

    `accuracy` counts photos; `mean_per_class` averages the recall of the classes that have photos, so that a frequent
    class weighs no more than a rare one. `confusion` has true classes as rows.
    """
    matrix = confusion_matrix(truth, predicted, labels=list(classes))
    precision, recall, f1, photos = precision_recall_fscore_support(
        truth, predicted, labels=list(classes), zero_division=0.0
    )
    present = photos > 0
    return {
        "accuracy": float(np.trace(matrix) / matrix.sum()),
        "mean_per_class": float(recall[present].mean()),
        "macro_f1": float(f1[present].mean()),
        "per_class": [
            {
                "label": label,
                "photos": int(photos[row]),
                "correct": int(matrix[row, row]),
                "accuracy": float(recall[row]) if present[row] else None,
                "precision": float(precision[row]),
            }
            for row, label in enumerate(classes)
        ],
        "confusion": matrix.tolist(),
    }
