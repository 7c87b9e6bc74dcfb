"""ClassAMI and ClassSS: Musgrave et al. 2022, "Three New Validators and a Large-Scale Benchmark Ranking for
Unsupervised Domain Adaptation", section 3: do the predicted classes agree with the clusters of the target's features?
"""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_mutual_info_score, silhouette_score

from train.validators.outputs import Floats, Labels


def _clusters(features: Floats, predictions: Labels) -> Labels:
    """k-means labels [n], started from the mean features of each class that is predicted."""
    centres = np.stack([features[predictions == label].mean(0) for label in np.unique(predictions)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # equal points: fewer clusters than classes, scored as such
        clusters: Labels = KMeans(len(centres), init=centres, n_init=1, random_state=0).fit_predict(features)
    return clusters


def unit_rows(features: Floats) -> Floats:
    """Rows [n, d] scaled to length 1; a row of zeros stays."""
    norms = np.linalg.norm(features, axis=1, keepdims=True)
    scaled: Floats = features / np.maximum(norms, np.finfo(float).tiny)
    return scaled


def class_ami(features: Floats, predictions: Labels) -> float:
    """Adjusted mutual information of the predictions [n] and the clusters of the features [n, d]: 0 by chance, 1
    equal.

    One predicted class agrees trivially with one cluster (the index says 1): it is scored 0, since that is a
    collapse. NaN for fewer than two rows.

    >>> features = np.array([[0.0, 1.0], [0.1, 1.0], [1.0, 0.0], [1.0, 0.1]])
    >>> [round(class_ami(features, np.array(classes)), 2) for classes in ([0, 0, 1, 1], [0, 0, 0, 0])]
    [1.0, 0.0]
    """
    if len(features) < 2:
        return float("nan")
    if len(np.unique(predictions)) < 2:
        return 0.0
    return float(adjusted_mutual_info_score(predictions, _clusters(features, predictions)))


def class_ss(features: Floats, predictions: Labels) -> float:
    """Silhouette of those clusters, -1 to 1. NaN where it has none: one cluster, or every row its own."""
    if len(features) < 2 or len(np.unique(predictions)) < 2:
        return float("nan")
    clusters = _clusters(features, predictions)
    if not 1 < len(np.unique(clusters)) < len(features):
        return float("nan")
    return float(silhouette_score(features, clusters))
