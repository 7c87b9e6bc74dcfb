"""Transfer Score: Yang et al. 2024, "Can We Evaluate Domain Adaptation Models Without Target-Domain Labels?" (ICLR),
eqs. 1-5.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from train.validators.information import information_maximisation
from train.validators.outputs import Floats, Outputs

_SAMPLED = 0.05  # share of the rows that the Hopkins statistic probes
_FEWEST_PROBES = 5
_ROWS_AT_ONCE = 1000  # of the matrix of all pairs of classes, which would take a gigabyte for 10,000


def head_uniformity(weight: Floats) -> float:
    """Mean squared difference of the angles between the head's class vectors [C, d] and the ideal one, arccos(-1 / (C
    - 1)); 0 is best.

    In radians squared. NaN for a single class.

    >>> opposed, alike = np.array([[1.0, 0.0], [-1.0, 0.0]]), np.array([[1.0, 0.0], [1.0, 0.0]])
    >>> round(head_uniformity(opposed), 3), round(head_uniformity(alike), 2)  # pi squared
    (0.0, 9.87)
    """
    classes = len(weight)
    if classes < 2:
        return float("nan")
    unit = weight / np.maximum(np.linalg.norm(weight, axis=1, keepdims=True), np.finfo(float).tiny)
    ideal, total = np.arccos(-1.0 / (classes - 1)), 0.0
    for start in range(0, classes, _ROWS_AT_ONCE):
        angles = np.arccos(np.clip(unit[start : start + _ROWS_AT_ONCE] @ unit.T, -1.0, 1.0))
        others = np.ones(angles.shape, dtype=bool)
        others[np.arange(len(angles)), start + np.arange(len(angles))] = False
        total += float(((angles[others] - ideal) ** 2).sum())
    return total / (classes * (classes - 1))


def hopkins(features: Floats) -> float:
    """Clustering tendency of rows [n, d], .5 for none to 1 for tight clusters: distances to the nearest row from
    random places of their bounding box against those from rows themselves. Distances count with power 1, as in the
    authors' code (the paper's power d overflows). NaN for fewer than 2 rows; .5 where all rows are equal.
    """
    n = len(features)
    if n < 2:
        return float("nan")
    rng = np.random.default_rng(0)
    probes = min(max(round(_SAMPLED * n), _FEWEST_PROBES), n)
    places = rng.uniform(features.min(0), features.max(0), (probes, features.shape[1]))
    rows = rng.choice(n, probes, replace=False)
    tree = cKDTree(features)
    from_places = tree.query(places, k=1)[0].sum()
    from_rows = tree.query(features[rows], k=2)[0][:, 1].sum()
    total = from_places + from_rows
    return float(from_places / total) if total > 0 else 0.5


def transfer_score(outputs: Outputs) -> float:
    """-U + H + M / ln C: head uniformity, Hopkins statistic of the target's features, mutual information of its
    predictions.

    Without `head_weight` the first term is left out (the same for all checkpoints of a run with a fixed head, not
    otherwise). NaN for fewer than 2 target rows or classes.
    """
    classes = outputs.target_logits.shape[1]
    if classes < 2 or len(outputs.target_logits) < 2:
        return float("nan")
    uniformity = 0.0 if outputs.head_weight is None else head_uniformity(outputs.head_weight)
    information = information_maximisation(outputs.target_logits) / np.log(classes)
    return float(-uniformity + hopkins(outputs.target_features) + information)
