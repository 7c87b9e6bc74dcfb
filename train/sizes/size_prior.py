"""What the size and shape of a part's outline in a photo tell about which part it is.

CAD knows real sizes: with the factor from millimetres to pixels, and how much both widths of an outline vary together
and apart, each class says how likely the outline is. `calibration` finds these without labels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from train.sizes.possible_sizes import Sizes

Float = npt.NDArray[np.float64]
PIXEL = 0.5  # how far an outline may be off, in pixels of the photo
MISTAKEN = 0.02
"""Share of the photos about which the network's word means nothing, until it is known better: a network is wrong more
often than it is unsure."""
LOOSE, LOOSE_SHARE = 0.12, 0.1  # spread of the photos that fit less closely: part tilted, edge in shadow
OUTLIERS = 0.05  # share of photos whose size means nothing: part cut off, shadow taken for part
WINDOW = 25.0  # area of log sizes over which these are spread evenly
ANY_DISTANCE = 10.0
"""Spread of the log of distances that says nothing about them: a factor of 20,000 either way."""
LOOKS_AT_ONCE = 2**22
"""Photos times looks of parts whose densities are in memory at once: 34 MB a matrix, of which there are some ten."""


@dataclass(frozen=True)
class SizePrior:
    """`sizes` that the parts of `classes` classes can have; `factor` log pixels per mm; `spread` the standard deviation
    of the log of each width around it, `distance_spread` that of both together, 0 where all photos are from one
    distance. `mistaken`: the share of photos about which the network's word means nothing.
    """

    sizes: Sizes
    classes: int
    factor: float
    spread: float
    distance_spread: float = 0.0
    mistaken: float = MISTAKEN

    def mistaken_about(self, observed: Float) -> Float:
        """The share (m, 1), in [0, 1), to which the network's word counts for nothing: `mistaken` where a photo's
        extents (m, 2) were measured, else 0.
        """
        return np.where(np.isfinite(observed).all(axis=1), self.mistaken, 0.0)[:, None]

    @property
    def of_shapes(self) -> SizePrior | None:
        """What outlines say in photos of unknown scale: their shape alone. None where the prior comes from photos of
        one camera at one distance: others may be taken from other sides.
        """
        return replace(self, distance_spread=ANY_DISTANCE) if self.distance_spread else None

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


def believed(probabilities: Float, mistaken: Float | float) -> Float:
    """Class probabilities (m, c) of a network that says nothing about a share `mistaken` of the photos."""
    even: Float = (1 - mistaken) * probabilities + mistaken / probabilities.shape[1]
    return even


def fuse(probabilities: Float, prior: SizePrior | None, observed: Float | None) -> Float:
    """Class probabilities (m, c) corrected by the sizes (m, 2) that were measured; unchanged without a prior."""
    if prior is None or observed is None:
        return probabilities
    beliefs = believed(probabilities.astype(np.float64), prior.mistaken_about(observed))
    fused: Float = softmax(np.log(beliefs + 1e-6) + prior.log_likelihood(observed), axis=1)
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
            "varying": np.array([prior.distance_spread, prior.mistaken, prior.sizes.of_shapes]),
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
    varying = stored.get("varying", (0.0, MISTAKEN, False))  # models of before 27 November 2026 lack it
    apart, mistaken, of_shapes = (float(value) for value in varying)
    extents, labels, shares = (stored[name] for name in ("extents", "labels", "shares"))
    if (
        not np.isfinite([factor, spread]).all()
        or spread <= 0
        or not 0 <= apart < np.inf
        or not 0 <= mistaken < 1
        or extents.shape != (len(labels), 2)
        or labels.shape != shares.shape
        or labels.dtype.kind not in "iu"
        or not (np.isfinite(extents).all() and (shares > 0).all() and np.isfinite(shares).all())
        or not len(labels)
        or not (labels.min() >= 0 and labels.max() < classes)
    ):
        raise ValueError(f"{path.name} holds no sizes of {classes} classes")
    sizes = Sizes(extents, labels, shares, None if np.isnan(distance) else distance, bool(of_shapes))
    return SizePrior(sizes, classes, factor, spread, apart, mistaken)
