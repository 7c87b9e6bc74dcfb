"""SND: Saito et al. 2021, "Tune it the Right Way: Unsupervised Validation of Domain Adaptation via Soft Neighborhood
Density" (ICCV).
"""

from __future__ import annotations

import numpy as np
from scipy.special import log_softmax

from train.validators.outputs import Floats

_ROWS_AT_ONCE = 1000


def soft_neighbourhood_density(vectors: Floats, temperature: float = 0.05) -> float:
    """Mean entropy of each row's softmax(cosine similarity / temperature) over the other rows, 0 to ln(n - 1): dense
    neighbourhoods.

    Vectors [n, d]; the paper takes class probabilities. Needs two rows, else NaN. It cannot see a collapse to one
    class (all rows alike score best), and depends on n.

    >>> round(soft_neighbourhood_density(np.ones((3, 2))), 3)  # two equal neighbours each: ln 2
    0.693
    """
    n = len(vectors)
    if n < 2:
        return float("nan")
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.finfo(float).tiny)
    total = 0.0
    for start in range(0, n, _ROWS_AT_ONCE):
        similarity = unit[start : start + _ROWS_AT_ONCE] @ unit.T / temperature
        rows = np.arange(len(similarity))
        others = np.ones(similarity.shape, dtype=bool)
        others[rows, start + rows] = False
        logs = log_softmax(similarity[others].reshape(len(rows), n - 1), axis=1)
        total -= float((np.exp(logs) * logs).sum())
    return total / n
