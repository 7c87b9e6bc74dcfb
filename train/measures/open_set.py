"""Photos of things that no CAD shows: rejected where the model is less sure than it is of held-out renders.

Maximum class probability (Hendrycks & Gimpel, ICLR 2017), which temperature scaling would leave in nearly the same
order. The threshold is a quantile over held-out renders; no photo sets it. Networks are less sure of photos than of
renders, so more photos of known parts fall below it than renders did: `open_set_metrics` counts them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def rejection_threshold(render_probabilities: Float, unknown_share: float) -> float | None:
    """The confidence that `unknown_share` of the renders, with class probabilities (n, c), fall below. None where
    nothing is to be rejected: at a share of 0, or without a render.

    >>> renders = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4], [0.5, 0.5]])
    >>> round(rejection_threshold(renders, unknown_share=0.25), 3)
    0.6
    """
    if unknown_share <= 0 or not len(render_probabilities):
        return None
    return float(np.quantile(render_probabilities.max(axis=1), unknown_share))


def open_set_metrics(known: Float, right: Flags, unknown: Float, threshold: float) -> dict[str, float | int | None]:
    """How good rejection is on labelled photos, from the confidence in each photo of a class with CAD, `known` (n,), at
    least one, whether it is recognised, `right` (n,), and the confidence in each photo of other classes, `unknown`
    (m,).

    `known_accepted`, `unknown_rejected`: shares. `accuracy_of_accepted`: of the accepted photos with CAD. `auroc`: the
    chance that a photo with CAD gets more confidence than one without. `h_score`: harmonic mean of the share of photos
    with CAD that are accepted and right, and `unknown_rejected` (as in Bucci et al., ECCV 2020, over photos in place of
    classes). None where there is no such photo.

    >>> known, right, unknown = np.array([0.9, 0.8, 0.4]), np.array([True, False, True]), np.array([0.6, 0.3])
    >>> metrics = open_set_metrics(known, right, unknown, threshold=0.5)
    >>> round(metrics["known_accepted"], 2), metrics["accuracy_of_accepted"], metrics["unknown_rejected"]
    (0.67, 0.5, 0.5)
    """
    accepted = known >= threshold
    rejected = float((unknown < threshold).mean()) if len(unknown) else None
    good = float((accepted & right).mean())
    return {
        "threshold": threshold,
        "known_accepted": float(accepted.mean()),
        "accuracy_of_accepted": float(right[accepted].mean()) if accepted.any() else None,
        "unknown_photos": len(unknown),
        "unknown_rejected": rejected,
        "auroc": _auroc(known, unknown) if len(unknown) else None,
        "h_score": None if rejected is None else 2 * good * rejected / max(good + rejected, 1e-12),
    }


def _auroc(known: Float, unknown: Float) -> float:
    from sklearn.metrics import roc_auc_score

    truth = np.concatenate([np.ones(len(known)), np.zeros(len(unknown))])
    return float(roc_auc_score(truth, np.concatenate([known, unknown])))
