"""How far apart two domains lie, by their features: numbers for the report, before and after adaptation. Nothing
trains on them.

All take rows [n, d] of the source and [m, d] of the target and return a float, 0 for equal distributions (unbiased
ones may be slightly negative), NaN for fewer than two rows in a domain. Features of two models have different scales:
compare MMD and the A-distance across models, the others within one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from scipy.stats import wasserstein_distance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

type Floats = NDArray[np.float64]

PROJECTIONS = 128  # directions of the sliced Wasserstein distance


def _off_diagonal_mean(matrix: Floats) -> float:
    n = len(matrix)
    return float((matrix.sum() - np.trace(matrix)) / (n * (n - 1)))


def _unbiased(kernel: Callable[[Floats, Floats], Floats], source: Floats, target: Floats) -> float:
    """U-statistic of the squared maximum mean discrepancy."""
    within = _off_diagonal_mean(kernel(source, source)) + _off_diagonal_mean(kernel(target, target))
    return within - 2.0 * float(kernel(source, target).mean())


def median_scale(source: Floats) -> float:
    """The median heuristic: lower median of the squared distances between all pairs of source rows, itself included;
    1 if that is 0.
    """
    distances = cdist(source, source, "sqeuclidean").ravel()
    middle = (len(distances) - 1) // 2
    return float(np.partition(distances, middle)[middle]) or 1.0


def mmd(source: Floats, target: Floats) -> float:
    """Squared MMD (unbiased) under exp(-d^2 / median d^2): Gretton et al. 2012, "A Kernel Two-Sample Test" (JMLR),
    lemma 6.

    >>> rng = np.random.default_rng(0)
    >>> renders, photos = rng.normal(size=(200, 2)), rng.normal(size=(200, 2))
    >>> mmd(renders, photos) < 0.02 < mmd(renders, photos + 1.0)
    True
    """
    scale = median_scale(source)
    return _unbiased(lambda x, y: np.exp(-cdist(x, y, "sqeuclidean") / scale), source, target)


def kid(source: Floats, target: Floats) -> float:
    """Kernel Inception Distance (unbiased) of these features: the polynomial kernel (x y / d + 1)^3 of Binkowski et
    al. 2018 (ICLR).
    """
    dimension = source.shape[1]
    return _unbiased(lambda x, y: (x @ y.T / dimension + 1.0) ** 3, source, target)


def coral(source: Floats, target: Floats) -> float:
    """||C_s - C_t||_F^2 / (4 d^2): Sun & Saenko 2016.

    >>> coral(np.array([[-1.0], [1.0]]), np.array([[-2.0], [2.0]]))  # variances 2 and 8
    9.0
    """
    difference = np.atleast_2d(np.cov(source, rowvar=False) - np.cov(target, rowvar=False))
    return float((difference**2).sum() / (4.0 * source.shape[1] ** 2))


def frechet(source: Floats, target: Floats) -> float:
    """Squared 2-Wasserstein distance of the Gaussians fitted to both (Heusel et al. 2017, FID, on these features).

    tr (C_s C_t)^1/2 is the nuclear norm of R_s R_t^T with X = Q R the centred rows: exact also where a covariance has
    no full rank, where the usual matrix square root turns complex.

    >>> round(frechet(np.array([[-1.0], [1.0]]), np.array([[2.0], [4.0]])), 3)  # equal spread, 3 apart
    9.0
    """
    roots, traces = [], 0.0
    for rows in (source, target):
        centred = (rows - rows.mean(0)) / np.sqrt(len(rows) - 1)
        roots.append(np.linalg.qr(centred, mode="r"))
        traces += float((centred**2).sum())
    overlap = float(np.linalg.svd(roots[0] @ roots[1].T, compute_uv=False).sum())
    return float(((source.mean(0) - target.mean(0)) ** 2).sum()) + traces - 2.0 * overlap


def sliced_wasserstein(source: Floats, target: Floats) -> float:
    """Mean 1-Wasserstein distance along random directions: Bonneel et al. 2015 (with power 1)."""
    directions = np.random.default_rng(0).standard_normal((source.shape[1], PROJECTIONS))
    directions /= np.linalg.norm(directions, axis=0)
    pairs = zip((source @ directions).T, (target @ directions).T, strict=True)
    return float(np.mean([wasserstein_distance(x, y) for x, y in pairs]))


def a_distance(error: float) -> float:
    """2 (1 - 2 error), from a domain classifier's error: Ben-David et al. 2007. 0 where it guesses, 2 where it
    is always right.

    >>> a_distance(0.5), a_distance(0.0)
    (0.0, 2.0)
    """
    return 2.0 * (1.0 - 2.0 * error)


def proxy_a_distance(source: Floats, target: Floats) -> float:
    """The A-distance from a logistic regression's balanced error in 3-fold cross-validation, in [0, 2].

    Worse than guessing counts as guessing. NaN for fewer than three rows in a domain.
    """
    if min(len(source), len(target)) < 3:
        return float("nan")
    rows = np.r_[source, target]
    domains = np.r_[np.ones(len(source)), np.zeros(len(target))]
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300, class_weight="balanced"))
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    accuracy = cross_val_score(classifier, rows, domains, cv=folds, scoring="balanced_accuracy").mean()
    return max(a_distance(1.0 - float(accuracy)), 0.0)


GAPS: dict[str, Callable[[Floats, Floats], float]] = {
    "mmd": mmd,
    "kid": kid,
    "frechet": frechet,
    "coral": coral,
    "sliced_wasserstein": sliced_wasserstein,
    "proxy_a_distance": proxy_a_distance,
}


def domain_gap(source: Floats, target: Floats, most_rows: int = 2000, seed: int = 0) -> dict[str, float]:
    """All gaps between features [n, d] and [m, d]; of more than `most_rows` rows a random draw (kernels take n^2
    memory).
    """
    rng = np.random.default_rng(seed)
    drawn = []
    for rows in (source, target):
        rows = np.asarray(rows, dtype=np.float64)
        drawn.append(rows if len(rows) <= most_rows else rows[rng.choice(len(rows), most_rows, replace=False)])
    if min(len(rows) for rows in drawn) < 2:
        return dict.fromkeys(GAPS, float("nan"))
    return {name: gap(drawn[0], drawn[1]) for name, gap in GAPS.items()}
