"""DEV: You et al. 2019, "Towards Accurate Model Selection in Deep Unsupervised Domain Adaptation" (ICML):
the target's risk as the source's, importance-weighted, with a control variate.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from train.validators.outputs import Floats, Labels, Outputs, log_probabilities

_FEWEST_ROWS = 10
_STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)


def source_errors(logits: Floats, labels: Labels) -> Floats:
    """Cross-entropy of each labelled row, [n]."""
    errors: Floats = -log_probabilities(logits)[np.arange(len(labels)), labels]
    return errors


def dev_risk(weights: Floats, errors: Floats, normalisation: Literal["max", "standardize"] | None = None) -> float:
    """Estimated target risk from density ratios [n] and errors [n] of held-out source rows, lower is better; may be
    negative.

    mean(w e) + eta mean(w) - eta with eta = -cov(w e, w) / var(w). Few large ratios make it wild: "standardize"
    (DEVN, Musgrave et al.) brings them to mean 1 and deviation 1, "max" to mean 1 and a range below 1. Equal weights:
    the mean error. NaN for fewer than two rows.

    >>> dev_risk(weights=np.ones(4), errors=np.array([0.0, 0.0, 1.0, 3.0]))
    1.0
    """
    if len(weights) < 2:
        return float("nan")
    if normalisation is not None:
        spread = weights.max() if normalisation == "max" else weights.std()
        weights = (weights - weights.mean()) / (spread if spread > 0 else 1.0) + 1.0
    weighted = weights * errors
    variance = weights.var(ddof=1)
    eta = -np.cov(weighted, weights)[0, 1] / variance if variance > 0 else 0.0
    return float(weighted.mean() + eta * weights.mean() - eta)


def density_ratios(source: Floats, target: Floats, held_out: Floats) -> Floats:
    """p_target / p_source at `held_out` [n, d], from a classifier of the domains fitted to `source` and `target`
    rows.

    Logistic regression on standardised features, its strength chosen by cross-validation (the paper: a two-layer
    network, its decay chosen by held-out accuracy; this one needs no GPU and has no seed). Ratios are limited to
    [0.01, 100].
    """
    domains = np.r_[np.ones(len(source)), np.zeros(len(target))]
    regression = LogisticRegression(max_iter=300)
    search = GridSearchCV(regression, {"C": list(_STRENGTHS)}, cv=3, scoring="neg_log_loss")
    classifier = make_pipeline(StandardScaler(), search)
    classifier.fit(np.r_[source, target], domains)
    log_odds = classifier.decision_function(held_out)  # of being source
    ratios: Floats = np.exp(-log_odds) * len(source) / len(target)
    return np.clip(ratios, 0.01, 100.0)


def deep_embedded_validation(outputs: Outputs) -> float:
    """Minus the standardised DEV risk of a checkpoint. NaN where a domain has fewer than 10 rows.

    The density ratio of each half of the held-out source rows comes from a classifier fitted to the other half.
    """
    source, target = outputs.source_features, outputs.target_features
    if len(source) < _FEWEST_ROWS or len(target) < _FEWEST_ROWS:
        return float("nan")
    weights = np.empty(len(source))
    for half in (0, 1):
        weights[half::2] = density_ratios(source[1 - half :: 2], target, source[half::2])
    return -dev_risk(weights, source_errors(outputs.source_logits, outputs.source_labels), "standardize")
