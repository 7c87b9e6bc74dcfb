"""What the size of a part in the photo says about which part it is, calibrated without labels.

CAD knows real sizes. Where all photos come from one camera at one distance, millimetres become pixels by one unknown
factor. The factor, and how well it holds, are found by maximum likelihood over the unlabelled photos: the mixture, over
the classes that the network thinks possible, of how large each class's renders are. Where distances vary, the spread
comes out wide, and sizes are left out of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.special import logsumexp, softmax

from train.foreground import WORKING_SIZE, widths

Float = npt.NDArray[np.float64]
SPREADS = (0.05, 0.08, 0.12, 0.2, 0.35, 0.6, 1.0)  # of log size
STEADY = 0.12
"""Widest spread that one camera at one distance leaves: perspective and outlines that are a little off. Where distances
vary, the best fit is a wider one, and it misleads: it takes a chance mix of sizes and classes for a rule."""
FACTORS = np.linspace(-1.5, 1.5, 121)  # log factors to try around the one that matches the medians
OUTLIERS = 0.05  # share of photos whose size means nothing: part cut off, shadow taken for part
FEWEST_PHOTOS = 20
MOST_PHOTOS = 300  # more say no more about one factor
OPAQUE = 100  # alpha from which a pixel belongs to the part


def source_extents(renders: Path) -> tuple[Float, list[str]]:
    """Log of the largest and smallest width in mm (n, 2) of the parts as views show them, and their labels.

    Views of the part at rest are taken where there are any: that is how parts are photographed.
    """
    rows: list[tuple[float, float]] = []
    labels: list[str] = []
    resting: list[bool] = []
    for path in sorted(renders.glob("*/part.json")):
        part = json.loads(path.read_text(encoding="utf-8"))
        for view in part["views"]:
            with Image.open(path.parent / view["file"]) as picture:
                alpha = picture.getchannel("A").resize((WORKING_SIZE, WORKING_SIZE), Image.Resampling.BOX)
            outline = np.asarray(alpha) > OPAQUE
            if not outline.any():
                continue
            focal = view["intrinsics"][0][0] * WORKING_SIZE / part["size"]
            millimetres = view["extrinsics"][2][3] * 1000 / focal
            largest, smallest = widths(outline)
            rows.append((largest * millimetres, smallest * millimetres))
            labels.append(part["label"])
            resting.append(view.get("sampler") == "resting")
    keep = [row for row, rests in enumerate(resting) if rests] if any(resting) else list(range(len(rows)))
    return np.log(np.array(rows, dtype=np.float64).reshape(-1, 2)[keep]), [labels[row] for row in keep]


@dataclass(frozen=True)
class SizePrior:
    """`extents` (n, 2) log mm of source views and `labels` (n,) their classes out of `classes`; `factor` log pixels per
    mm; `spread` the standard deviation of log size around it.
    """

    extents: Float
    labels: npt.NDArray[np.int64]
    classes: int
    factor: float
    spread: float

    def log_likelihood(self, observed: Float) -> Float:
        """Log density (m, classes) of observed extents (m, 2) in log pixels; rows of NaN (not measured) give zeros."""
        return _log_likelihood(self.extents, self.labels, self.classes, observed, self.factor, self.spread)


def calibrate(extents: Float, labels: npt.NDArray[np.int64], observed: Float, probabilities: Float) -> SizePrior | None:
    """Finds factor and spread from unlabelled photos.

    `observed` (m, 2) log pixels, NaN where not measured; `probabilities` (m, c) what the network thinks of each photo.
    None when fewer than 20 photos could be measured or they do not come from one distance.
    """
    measured = np.isfinite(observed).all(axis=1)
    classes = probabilities.shape[1]
    if measured.sum() < FEWEST_PHOTOS or len(np.unique(labels)) < classes:
        return None
    some = np.flatnonzero(measured)[:: -(-int(measured.sum()) // MOST_PHOTOS)]
    sizes, beliefs = observed[some], np.log(probabilities[some] + 1e-4)
    middle = float(np.median(sizes[:, 0]) - np.median(extents[:, 0]))
    best = (-np.inf, 0.0, 0.0)
    for spread in SPREADS:
        for factor in middle + FACTORS:
            likelihood = _log_likelihood(extents, labels, classes, sizes, float(factor), spread)
            total = float(logsumexp(beliefs + likelihood, axis=1).sum())
            best = max(best, (total, float(factor), spread))
    _, factor, spread = best
    if spread > STEADY:
        return None
    return SizePrior(extents, labels, classes, factor, spread)


def fuse(probabilities: Float, prior: SizePrior | None, observed: Float | None) -> Float:
    """Class probabilities (m, c) corrected by the sizes (m, 2) that were measured; unchanged without a prior."""
    if prior is None or observed is None:
        return probabilities
    logits = np.log(probabilities.astype(np.float64) + 1e-6) + prior.log_likelihood(observed)
    fused: Float = softmax(logits, axis=1)
    return fused


def write_prior(path: Path, prior: SizePrior) -> None:
    """Writes the prior as safetensors."""
    from safetensors.numpy import save_file

    save_file(
        {"extents": prior.extents, "labels": prior.labels, "factor_spread": np.array([prior.factor, prior.spread])},
        path,
    )


def read_prior(path: Path, classes: int) -> SizePrior | None:
    """Reads what `write_prior` wrote; None when there is no such file."""
    from safetensors.numpy import load_file

    if not path.exists():
        return None
    stored = load_file(path)
    factor, spread = stored["factor_spread"]
    return SizePrior(stored["extents"], stored["labels"], classes, float(factor), float(spread))


def _log_likelihood(
    extents: Float, labels: npt.NDArray[np.int64], classes: int, observed: Float, factor: float, spread: float
) -> Float:
    """Kernel density of each class's views, blurred by `spread`, mixed with a flat density for outliers."""
    result = np.zeros((len(observed), classes))
    measured = np.isfinite(observed).all(axis=1)
    shifted = observed[measured] - factor
    flat = np.log(OUTLIERS) - np.log(25.0)  # log sizes within a window of 5 x 5
    for number in range(classes):
        views = extents[labels == number]
        distance = ((shifted[:, None] - views[None]) / spread) ** 2
        density = logsumexp(-0.5 * distance.sum(axis=2), axis=1) - np.log(2 * np.pi * spread**2 * len(views))
        result[measured, number] = np.logaddexp(np.log(1 - OUTLIERS) + density, flat)
    return result
