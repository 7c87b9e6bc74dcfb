"""Whether a model's confidence matches its accuracy: expected calibration error, and temperature scaling.

The temperature is fitted on held-out renders (source), whose labels are known from CAD. Labels of photos never tune it:
they only measure how far it carries.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]

BINS = 15
TEMPERATURES = (0.1, 10.0)
SMALLEST = 1e-12  # of a probability, so that its logarithm exists


def calibration_error(probabilities: Float, labels: Labels) -> float:
    """Expected calibration error in [0, 1] of probabilities (n, c), 15 bins of equal width: Guo et al. 2017 (ICML).

    The mean, over the photos, of how far confidence and accuracy of the photo's bin lie apart. NaN without a row.

    >>> probabilities = np.array([[0.9, 0.1], [0.9, 0.1]])
    >>> round(calibration_error(probabilities, labels=np.array([0, 1])), 3)  # 90 % sure, 50 % right
    0.4
    """
    if not len(labels):
        return float("nan")
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bins = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)  # (0, 1/15], (1/15, 2/15], ...
    gaps = np.bincount(bins, weights=confidence - right, minlength=BINS)
    return float(np.abs(gaps).sum() / len(labels))


def fit_temperature(probabilities: Float, labels: Labels) -> float | None:
    """The temperature with the least negative log-likelihood of `labels` (n,) under probabilities (n, c).

    Guo et al. 2017; above 1 the model was too sure. None where there is nothing to fit: no row, or one class.

    >>> probabilities = np.array([[0.9, 0.1]] * 4)
    >>> temperature = fit_temperature(probabilities, labels=np.array([0, 0, 0, 1]))
    >>> at_temperature(probabilities, temperature)[0].round(3).tolist()  # as sure as it is right
    [0.75, 0.25]
    """
    from scipy.optimize import minimize_scalar  # half a second, which a search would pay that fits nothing
    from scipy.special import log_softmax

    if not len(labels) or probabilities.shape[1] < 2:
        return None
    logits = np.log(np.maximum(probabilities, SMALLEST))

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return float(-scaled[np.arange(len(labels)), labels].mean())

    low, high = np.log(TEMPERATURES)
    return float(np.exp(minimize_scalar(loss, bounds=(low, high), method="bounded").x))


def at_temperature(probabilities: Float, temperature: float) -> Float:
    """Probabilities (n, c) at a temperature: the order of the classes stays, only how sure it is changes.

    >>> at_temperature(np.array([[0.8, 0.2]]), temperature=2.0).round(3).tolist()  # odds of 4 become sqrt(4)
    [[0.667, 0.333]]
    """
    logits = np.log(np.maximum(probabilities, SMALLEST)) / temperature
    odds: Float = np.exp(logits - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)
