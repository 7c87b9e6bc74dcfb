"""A checkpoint's outputs on both domains: all that a validator may use. There is no place for target labels in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_softmax, softmax

type Floats = NDArray[np.float64]
type Labels = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Outputs:
    """Features [n, d] (what the head sees), logits [n, C] of held-out source images with labels [n], and of target
    images [m, ...].

    `head_weight` [C, d] is the classifier's weight matrix; it may be missing. Arrays are float64 inside.
    """

    source_features: Floats
    source_logits: Floats
    source_labels: Labels
    target_features: Floats
    target_logits: Floats
    head_weight: Floats | None = None

    def __post_init__(self) -> None:
        for name in ("source_features", "source_logits", "target_features", "target_logits"):
            array = np.asarray(getattr(self, name), dtype=np.float64)
            if array.ndim != 2:
                raise ValueError(f"{name} must be a matrix, got shape {array.shape}")
            object.__setattr__(self, name, array)
        object.__setattr__(self, "source_labels", np.asarray(self.source_labels, dtype=np.int64))
        if self.head_weight is not None:
            object.__setattr__(self, "head_weight", np.asarray(self.head_weight, dtype=np.float64))
        if not len(self.source_features) == len(self.source_logits) == len(self.source_labels):
            raise ValueError("source features, logits and labels must have equally many rows")
        if len(self.target_features) != len(self.target_logits):
            raise ValueError("target features and logits must have equally many rows")

    @property
    def target_probabilities(self) -> Floats:
        """[m, C], rows sum to 1."""
        return probabilities(self.target_logits)

    @property
    def target_predictions(self) -> Labels:
        """[m], the most probable class."""
        predictions: Labels = self.target_logits.argmax(1)
        return predictions


def probabilities(logits: ArrayLike) -> Floats:
    """Softmax of the rows of logits [n, C]."""
    result: Floats = softmax(np.asarray(logits, dtype=np.float64), axis=1)
    return result


def log_probabilities(logits: ArrayLike) -> Floats:
    """Logarithm of the softmax of the rows of logits [n, C]; finite also where the softmax is 0."""
    result: Floats = log_softmax(np.asarray(logits, dtype=np.float64), axis=1)
    return result
