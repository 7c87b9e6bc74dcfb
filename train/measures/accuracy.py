"""Accuracy of predictions: overall, mean per class, among the first k, a row per class, and the confusion matrix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

MOST_CONFUSED = 1000  # classes: the matrix of 10,000 has a hundred million numbers, nearly all of them 0


def classification_report(truth: Sequence[str], predicted: Sequence[str], classes: Sequence[str]) -> dict[str, Any]:
    """Figures for labelled photos; `truth` and `predicted` hold labels out of `classes`, at least one row.

    `accuracy` counts photos; `mean_per_class` averages the recall of the classes that have photos, so that a frequent
    class weighs no more than a rare one. `confusion` has true classes as rows; None for more than 1,000 classes.

    >>> report = classification_report(["bolt", "bolt", "bolt", "nut"], predicted=["bolt"] * 4, classes=["bolt", "nut"])
    >>> report["accuracy"], report["mean_per_class"], report["confusion"]
    (0.75, 0.5, [[3, 0], [1, 0]])
    """
    correct = Counter(label for label, guess in zip(truth, predicted, strict=True) if label == guess)
    few = len(classes) <= MOST_CONFUSED
    precision, recall, f1, photos = precision_recall_fscore_support(
        truth, predicted, labels=list(classes), zero_division=0.0
    )
    present = photos > 0
    return {
        "accuracy": correct.total() / len(truth),
        "mean_per_class": float(recall[present].mean()),
        "macro_f1": float(f1[present].mean()),
        "per_class": [
            {
                "label": label,
                "photos": int(photos[row]),
                "correct": correct[label],
                "accuracy": float(recall[row]) if present[row] else None,
                "precision": float(precision[row]),
            }
            for row, label in enumerate(classes)
        ],
        "confusion": confusion_matrix(truth, predicted, labels=list(classes)).tolist() if few else None,
    }


def top_accuracy(probabilities: npt.NDArray[np.float64], labels: npt.NDArray[np.int64], k: int) -> float:
    """Share of rows whose label is among the `k` likeliest of probabilities (n, c), at least one row; 1 for k >= c.

    A label whose probability another class shares counts as the later of the two, so that a model that knows nothing
    gains nothing.

    >>> probabilities = np.array([[0.6, 0.3, 0.1], [0.6, 0.3, 0.1]])
    >>> top_accuracy(probabilities, np.array([0, 1]), k=1), top_accuracy(probabilities, np.array([0, 1]), k=2)
    (0.5, 1.0)
    """
    own = probabilities[np.arange(len(labels)), labels]
    ahead = (probabilities >= own[:, None]).sum(axis=1) - 1
    return float((ahead < k).mean())
