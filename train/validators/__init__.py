"""Label-free selection scores: how good a checkpoint is on the target, without a target label.

Every validator takes `Outputs` and returns a float, HIGHER IS BETTER, or NaN where it has no value (too few rows): a
checkpoint with NaN is never to be chosen by that score. None sees target labels: `Outputs` has no place for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from train.validators.clusters import class_ami, unit_rows
from train.validators.dev import deep_embedded_validation
from train.validators.information import bnm, information_maximisation, mano
from train.validators.neighbourhood import soft_neighbourhood_density
from train.validators.outputs import Outputs
from train.validators.transfer import transfer_score

__all__ = ["VALIDATORS", "Outputs", "score", "source_accuracy"]


def source_accuracy(outputs: Outputs) -> float:
    """Mean-per-class accuracy on held-out source images, 0 to 1 (classes without an image do not count). Good as
    a gate, poor as a score.

    >>> logits = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    >>> labels = np.array([0, 0, 0, 1])
    >>> source_accuracy(Outputs(logits, logits, labels, logits, logits))  # all of the first class, none of the second
    0.5
    """
    labels = outputs.source_labels
    right = outputs.source_logits.argmax(1) == labels
    return (
        float(np.mean([right[labels == label].mean() for label in np.unique(labels)])) if len(labels) else float("nan")
    )


VALIDATORS: dict[str, Callable[[Outputs], float]] = {
    "source_accuracy": source_accuracy,
    "information_maximisation": lambda outputs: information_maximisation(outputs.target_logits),
    "bnm": lambda outputs: bnm(outputs.target_logits),
    "snd": lambda outputs: soft_neighbourhood_density(outputs.target_probabilities),
    "class_ami": lambda outputs: class_ami(unit_rows(outputs.target_features), outputs.target_predictions),
    "dev": deep_embedded_validation,
    "mano": lambda outputs: mano(outputs.target_logits),
    "transfer_score": transfer_score,
}


def score(outputs: Outputs, names: Iterable[str] = tuple(VALIDATORS)) -> dict[str, float]:
    """The named validators of one checkpoint, by default all.

    Logits or features that are not finite (a run that diverged) score NaN throughout.
    """
    finite = all(
        np.isfinite(array).all()
        for array in (outputs.source_features, outputs.source_logits, outputs.target_features, outputs.target_logits)
    )
    return {name: VALIDATORS[name](outputs) if finite else float("nan") for name in names}
