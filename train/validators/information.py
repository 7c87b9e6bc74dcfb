"""Scores of the target's class probabilities alone: entropy, diversity, information maximisation, BNM, MaNo.

Each takes target logits [n, C] and returns a float, higher is better, NaN for no rows.
"""

from __future__ import annotations

import numpy as np

from train.validators.outputs import Floats, log_probabilities, probabilities

# MaNo: the criterion above which softmax is used, and the order of the norm.
_MANO_THRESHOLD = 5.0
_MANO_ORDER = 4


def negative_entropy(logits: Floats) -> float:
    """Minus the mean entropy of the predictions (nats), -ln C to 0. A model that collapsed to one class scores best:
    never use it alone.

    >>> unsure = np.zeros((3, 2))
    >>> round(negative_entropy(unsure), 3)  # -ln 2
    -0.693
    """
    if not len(logits):
        return float("nan")
    logs = log_probabilities(logits)
    return float((np.exp(logs) * logs).sum(1).mean())


def diversity(logits: Floats) -> float:
    """Entropy of the mean prediction (nats), 0 to ln C: whether all classes are used.

    >>> balanced, collapsed = np.array([[9.0, 0.0], [0.0, 9.0]]), np.array([[90.0, 0.0], [90.0, 0.0]])
    >>> round(diversity(balanced), 3), round(abs(diversity(collapsed)), 3)
    (0.693, 0.0)
    """
    if not len(logits):
        return float("nan")
    mean = probabilities(logits).mean(0)
    return float(-(mean * np.log(np.maximum(mean, np.finfo(float).tiny))).sum())


def information_maximisation(logits: Floats) -> float:
    """Mutual information of input and prediction, H(mean p) - mean H(p), 0 (collapsed or uniform) to ln C (certain
    and balanced).

    >>> sure_and_balanced, unsure = np.array([[90.0, 0.0], [0.0, 90.0]]), np.zeros((2, 2))
    >>> round(information_maximisation(sure_and_balanced), 3), abs(round(information_maximisation(unsure), 3))
    (0.693, 0.0)
    """
    return negative_entropy(logits) + diversity(logits)


def bnm(logits: Floats) -> float:
    """Nuclear norm of the probability matrix over n: sqrt(C / n) for certain and balanced predictions, 1 / sqrt(n)
    collapsed to one class.

    Depends on n: compare checkpoints on the same target images only. Cui et al. 2020, as used for selection by
    Musgrave et al. 2022.

    >>> sure_and_balanced, collapsed = np.array([[90.0, 0.0], [0.0, 90.0]]), np.array([[90.0, 0.0], [90.0, 0.0]])
    >>> round(bnm(sure_and_balanced), 3), round(bnm(collapsed), 3)
    (1.0, 0.707)
    """
    if not len(logits):
        return float("nan")
    return float(np.linalg.svd(probabilities(logits), compute_uv=False).sum() / len(logits))


def mano(logits: Floats) -> float:
    """MaNo, 1/C (uniform) to C^(-1/4) (certain): Xie et al. 2024, "MaNo: Exploiting Matrix Norm for Unsupervised
    Accuracy Estimation Under Distribution Shifts" (NeurIPS).

    Normalised 4-norm of the probabilities: by softmax where the model is far from uniform (mean cross-entropy with
    the uniform distribution above 5), else by the second-order Taylor softmax (1 + z + z^2 / 2), which exaggerates
    less. Logits are centred first: the series, other than softmax, would depend on their offset. The switch makes a
    step in the score: compare like with like.

    >>> round(mano(np.zeros((2, 4))), 3), round(mano(np.array([[90.0, 0.0, 0.0, 0.0]])), 3)
    (0.25, 0.707)
    """
    if not len(logits):
        return float("nan")
    if -log_probabilities(logits).mean() > _MANO_THRESHOLD:
        normalised = probabilities(logits)
    else:
        centred = logits - logits.mean(1, keepdims=True)
        series = 1.0 + centred + 0.5 * centred**2  # always positive
        normalised = series / series.sum(1, keepdims=True)
    return float((normalised**_MANO_ORDER).mean() ** (1.0 / _MANO_ORDER))
