"""What the size of a part in the photo tells about which part it is, calibrated without labels.

CAD knows real sizes. Where all photos come from one camera at one distance, millimetres become pixels by one unknown
factor. The factor, how well it holds, and whether the camera looks straight down and from how far, are found by maximum
likelihood over the unlabelled photos: the mixture, over the classes that the network thinks possible, of how large each
class can look. Where distances vary, the spread comes out wide, and sizes are left out of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp, softmax

from train.sizes.possible_sizes import Sizes

Float = npt.NDArray[np.float64]
SPREADS = (0.004, 0.007, 0.012, 0.02, 0.035, 0.05, 0.08, 0.12)
"""Of the log of a width, at one distance: perspective and outlines that are a little off."""
DISTANCE_SPREADS = (0.2, 0.35, 0.6, 1.0)
"""Of the log of both widths together, where distances vary. Then sizes mislead: a chance mix of sizes and classes is
taken for a rule. The shape of an outline holds all the same, so that the spread above may come out small."""
COARSE = 0.05
"""The factor is first looked for with this spread. Views, seen from many sides and distances, fit no closer."""
FACTORS = np.linspace(-1.5, 1.5, 61)  # log factors to try around the one that matches the medians
FINE = 0.03  # then as far around the best of them, in steps of a quarter of the spread
PIXEL = 0.5  # how far an outline may be off, in pixels of the photo
TRUSTED = 0.05
"""Spread down to which the network's probabilities count in full. A network that has taught itself shall not overrule
sizes that are sharper than that: its probabilities then count by spread / TRUSTED, but at least LEAST_TRUST."""
LEAST_TRUST = 0.2
CLEAR = 0.3
"""By how much log likelihood a photo one distance has to explain the photos better than varying distances do. Where
parts of all sizes are possible, any distance explains them a little."""
DOUBT = 0.02  # a network is wrong more often than it is unsure: the least probability of a class
LOOSE, LOOSE_SHARE = 0.12, 0.1  # spread of the photos that fit less closely: part tilted, edge in shadow
OUTLIERS = 0.05  # share of photos whose size means nothing: part cut off, shadow taken for part
WINDOW = 25.0  # area of log sizes over which these are spread evenly
LOOKS_AT_ONCE = 2**22
"""Photos times looks of parts whose densities are in memory at once: 34 MB a matrix, of which there are some ten."""
FEWEST_PHOTOS = 20
MOST_PHOTOS = 300  # more fit one factor no better
MANY_CLASSES, LEAST_PHOTOS = 300, 50
"""Of more classes fewer photos are taken, down to this many: each is compared with every look of every class."""


@dataclass(frozen=True)
class SizePrior:
    """`sizes` that the parts of `classes` classes can have; `factor` log pixels per mm; `spread` the standard deviation
    of the log of each width around it, `distance_spread` that of both together.
    """

    sizes: Sizes
    classes: int
    factor: float
    spread: float
    distance_spread: float = 0.0

    def network_weight(self, observed: Float) -> Float:
        """The weight (m, 1), in (0, 1], of the network's log probabilities beside the log likelihood of the sizes."""
        trust = min(1.0, max(LEAST_TRUST, self.spread / TRUSTED))
        return np.where(np.isfinite(observed).all(axis=1), trust, 1.0)[:, None]

    def log_likelihood(self, observed: Float) -> Float:
        """Log density (m, classes) of observed extents (m, 2) in log pixels; rows of NaN (not measured) give zeros."""
        result = np.zeros((len(observed), self.classes))
        rows = np.flatnonzero(np.isfinite(observed).all(axis=1))
        at_once = max(1, LOOKS_AT_ONCE // max(1, len(self.sizes.labels)))
        for some in (rows[start : start + at_once] for start in range(0, len(rows), at_once)):
            as_fitted = np.log(1 - LOOSE_SHARE - OUTLIERS) + self._density(observed[some], self.spread)
            loosely = np.log(LOOSE_SHARE) + self._density(observed[some], max(LOOSE, self.spread))
            outlying = np.full_like(loosely, np.log(OUTLIERS / WINDOW))
            result[some] = np.logaddexp.reduce([as_fitted, loosely, outlying])
        return result

    def _density(self, seen: Float, spread: float) -> Float:
        """Log density (m, classes) of measured extents (m, 2) around what each class can look like."""
        order = np.argsort(self.sizes.labels, kind="stable")
        extents, labels = self.sizes.extents[order], self.sizes.labels[order]
        own = spread**2 + (PIXEL / np.exp(seen)) ** 2
        both = self.distance_spread**2
        determinant = own.prod(axis=1) + both * own.sum(axis=1)
        looks = np.log(self.sizes.shares[order]) - np.log(2 * np.pi * np.sqrt(determinant))[:, None]
        large, small = (seen[:, axis, None] - self.factor - extents[:, axis] for axis in range(2))
        apart = np.square(large) * (own[:, 1:] + both) + np.square(small) * (own[:, :1] + both)
        looks -= 0.5 * (apart - 2 * both * large * small) / determinant[:, None]
        present, starts = np.unique(labels, return_index=True)
        highest = np.maximum.reduceat(looks, starts, axis=1)
        looks -= np.repeat(highest, np.diff(starts, append=len(labels)), axis=1)
        density = np.full((len(seen), self.classes), -np.inf)
        density[:, present] = highest + np.log(np.add.reduceat(np.exp(looks), starts, axis=1))
        return density


def calibrate(possible: Sequence[Sizes], observed: Float, probabilities: Float) -> SizePrior | None:
    """Finds the camera: which of the `possible` sizes hold, the factor and the spread, from unlabelled photos.

    `observed` (m, 2) log pixels, NaN where not measured; `probabilities` (m, c) the network's for each photo.
    None when fewer than 20 photos could be measured, or varying distances explain them about as well.
    """
    measured = np.isfinite(observed).all(axis=1)
    classes = probabilities.shape[1]
    complete = [sizes for sizes in possible if len(np.unique(sizes.labels)) == classes]
    if measured.sum() < FEWEST_PHOTOS or not complete:
        return None
    most = MOST_PHOTOS if classes <= MANY_CLASSES else max(LEAST_PHOTOS, MOST_PHOTOS * MANY_CLASSES // classes)
    some = np.flatnonzero(measured)[:: -(-int(measured.sum()) // most)]
    seen, beliefs = observed[some], np.log(probabilities[some] + DOUBT)

    def explained(prior: SizePrior) -> float:
        return float(logsumexp(beliefs + prior.log_likelihood(seen), axis=1).sum())

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:

        def best_of(priors: Sequence[SizePrior]) -> tuple[float, SizePrior]:
            values = list(pool.map(explained, priors))
            place = values.index(max(values))  # the first of equals
            return values[place], priors[place]

        fits = [fit for sizes in complete for fit in _fits(sizes, classes, seen, best_of)]
        value, best = max(fits, key=lambda fit: fit[0])
        varying = [
            SizePrior(best.sizes, classes, best.factor, spread, apart)
            for spread in SPREADS
            for apart in DISTANCE_SPREADS
        ]
        return best if value > best_of(varying)[0] + CLEAR * len(seen) else None


def _fits(
    sizes: Sizes, classes: int, seen: Float, best_of: Callable[[Sequence[SizePrior]], tuple[float, SizePrior]]
) -> list[tuple[float, SizePrior]]:
    """For each spread the factor with which `sizes` explain the photos best, and how well."""
    middle = float(np.median(seen[:, 0]) - np.median(sizes.extents[:, 0]))
    _, coarse = best_of([SizePrior(sizes, classes, middle + float(shift), COARSE) for shift in FACTORS])
    fits = []
    for spread in SPREADS:
        if spread >= COARSE or sizes.distance_mm is not None:
            shifts = np.arange(-FINE, FINE + 1e-9, max(FINE / 12, spread / 4))
            fits.append(best_of([SizePrior(sizes, classes, coarse.factor + float(shift), spread) for shift in shifts]))
    return fits


def fuse(probabilities: Float, prior: SizePrior | None, observed: Float | None) -> Float:
    """Class probabilities (m, c) corrected by the sizes (m, 2) that were measured; unchanged without a prior."""
    if prior is None or observed is None:
        return probabilities
    log_probabilities = np.log(probabilities.astype(np.float64) + 1e-6)
    logits = prior.network_weight(observed) * log_probabilities + prior.log_likelihood(observed)
    fused: Float = softmax(logits, axis=1)
    return fused


def write_prior(path: Path, prior: SizePrior) -> None:
    """Writes the prior as safetensors."""
    from safetensors.numpy import save_file

    distance = np.nan if prior.sizes.distance_mm is None else prior.sizes.distance_mm
    save_file(
        {
            "extents": prior.sizes.extents,
            "labels": prior.sizes.labels,
            "shares": prior.sizes.shares,
            "factor_spread_distance": np.array([prior.factor, prior.spread, distance]),
        },
        path,
    )


def read_prior(path: Path, classes: int) -> SizePrior | None:
    """Reads what `write_prior` wrote; None when there is no such file. Raises ValueError when it is none."""
    from safetensors.numpy import load_file

    if not path.exists():
        return None
    stored = load_file(path)
    factor, spread, distance = (float(value) for value in stored["factor_spread_distance"])
    extents, labels, shares = (stored[name] for name in ("extents", "labels", "shares"))
    if (
        not np.isfinite([factor, spread]).all()
        or spread <= 0
        or extents.shape != (len(labels), 2)
        or labels.shape != shares.shape
        or labels.dtype.kind not in "iu"
        or not (np.isfinite(extents).all() and (shares > 0).all() and np.isfinite(shares).all())
        or not len(labels)
        or not (labels.min() >= 0 and labels.max() < classes)
    ):
        raise ValueError(f"{path.name} holds no sizes of {classes} classes")
    sizes = Sizes(extents, labels, shares, None if np.isnan(distance) else distance)
    return SizePrior(sizes, classes, factor, spread)
