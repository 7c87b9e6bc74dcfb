"""What the size and shape of a part's outline in a photo tell about which part it is.

CAD knows real sizes: with the factor from millimetres to pixels, and how much both widths of an outline vary together
and apart, each class says how likely the outline is. `calibration` finds these without labels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from train.sizes.possible_sizes import Sizes

Float = npt.NDArray[np.float64]
PIXEL = 0.5  # how far an outline may be off, in pixels of the photo
MISTAKEN = 0.02
"""Share of the photos about which the network's word means nothing, until it is known better: a network is wrong more
often than it is unsure."""
LOOSE, LOOSE_SHARE = 0.12, 0.1  # spread of the photos that fit less closely: part tilted, edge in shadow
MISREAD = 0.05
"""Share of photos whose outline means nothing: part cut off, shadow taken for part."""
ANY_DISTANCE = 10.0
"""Spread of the log of distances that says nothing about them: a factor of 20,000 either way."""
SMALLEST = 1e-6  # of a probability whose logarithm is asked for
LOOKS_AT_ONCE = 2**22
"""Photos times looks of parts whose densities are in memory at once: 34 MB a matrix, of which there are some ten."""


@dataclass(frozen=True)
class Typical:
    """Which extents photos have whatever they show: a normal density with this mean (2,) and covariance (2, 2)."""

    mean: Float
    covariance: Float

    def log_density(self, observed: Float) -> Float:
        """Log density (m, 1) of extents (m, 2)."""
        (large, both), (_, small) = self.covariance
        determinant = large * small - both**2
        apart = observed - self.mean
        squares = small * apart[:, 0] ** 2 - 2 * both * apart[:, 0] * apart[:, 1] + large * apart[:, 1] ** 2
        density: Float = -0.5 * squares / determinant - np.log(2 * np.pi) - 0.5 * np.log(determinant)
        return density[:, None]


@dataclass(frozen=True)
class SizePrior:
    """`sizes` that the parts of `classes` classes can have; `factor` log pixels per mm; `spread` the standard deviation
    of the log of each width around it, `distance_spread` that of both together, 0 where all photos are from one
    distance. `mistaken`: the share of photos about which the network's word means nothing; where it is known better,
    row k of `taken_for` (c, c) is what the photos show that the network takes for class k, as shares that sum to 1.
    Outlines that mean nothing are as `typical` of the photos says.
    """

    sizes: Sizes
    classes: int
    factor: float
    spread: float
    distance_spread: float = 0.0
    mistaken: float = MISTAKEN
    typical: Typical | None = None
    taken_for: Float | None = None

    def believed(self, probabilities: Float) -> Float:
        """What the network's class probabilities (m, c) are worth, as class probabilities (m, c)."""
        return believed(probabilities, self.mistaken) if self.taken_for is None else probabilities @ self.taken_for

    @property
    def of_shapes(self) -> SizePrior | None:
        """What outlines say in photos of unknown scale: their shape alone. None where the prior comes from photos of
        one camera at one distance: others may be taken from other sides.
        """
        if not self.distance_spread:
            return None
        spread = Typical(self._typical.mean, self._typical.covariance + ANY_DISTANCE**2 - self.distance_spread**2)
        return replace(self, distance_spread=ANY_DISTANCE, typical=spread)

    @property
    def _typical(self) -> Typical:
        """Where photos were never asked, anything within e^2 of the middle of all looks."""
        if self.typical is not None:
            return self.typical
        return Typical(self.factor + self.sizes.extents.mean(axis=0), 4.0 * np.eye(2))

    def log_likelihood(self, observed: Float) -> Float:
        """Log density (m, classes) of observed extents (m, 2) in log pixels; rows of NaN (not measured) give zeros."""
        result = np.zeros((len(observed), self.classes))
        rows = np.flatnonzero(measured(observed))
        at_once = max(1, LOOKS_AT_ONCE // max(1, len(self.sizes.labels)))
        for some in (rows[start : start + at_once] for start in range(0, len(rows), at_once)):
            misread = np.log(MISREAD) + self._typical.log_density(observed[some])
            result[some] = np.logaddexp(np.log(1 - MISREAD) + self._read(observed[some]), misread)
        return result

    def _read(self, seen: Float) -> Float:
        """Log density (m, classes) of measured extents (m, 2) of parts whose outline is read rightly."""
        closely = np.log(1 - LOOSE_SHARE) + self._density(seen, self.spread)
        return np.logaddexp(closely, np.log(LOOSE_SHARE) + self._density(seen, max(LOOSE, self.spread)))  # type: ignore[no-any-return]

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


def measured(observed: Float) -> npt.NDArray[np.bool_]:
    """Which photos' extents (m, 2) are known (m,)."""
    known: npt.NDArray[np.bool_] = np.isfinite(observed).all(axis=1)
    return known


def believed(probabilities: Float, mistaken: float) -> Float:
    """Class probabilities (m, c) of a network that says nothing about a share `mistaken` of the photos."""
    even: Float = (1 - mistaken) * probabilities + mistaken / probabilities.shape[1]
    return even


def fuse(probabilities: Float, prior: SizePrior | None, observed: Float | None) -> Float:
    """Class probabilities (m, c) corrected by the sizes (m, 2) that were measured; unchanged without a prior."""
    if prior is None or observed is None:
        return probabilities
    said = probabilities.astype(np.float64)
    beliefs = np.where(measured(observed)[:, None], prior.believed(said), said)
    joint = np.log(beliefs + SMALLEST) + prior.log_likelihood(observed)
    fused: Float = np.exp(
        joint - joint.max(axis=1, keepdims=True)
    )  # scipy.special takes longer to import than an answer
    return fused / fused.sum(axis=1, keepdims=True)  # type: ignore[no-any-return]


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
            "typical": np.vstack([prior._typical.mean, prior._typical.covariance]),
            **({} if prior.taken_for is None else {"taken_for": prior.taken_for}),
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
    varying = stored.get("varying", (0.0, MISTAKEN, False))  # models of before 27 November 2026 lack these two
    apart, mistaken, of_shapes = (float(value) for value in varying)
    typical, taken_for = stored.get("typical"), stored.get("taken_for")
    extents, labels, shares = (stored[name] for name in ("extents", "labels", "shares"))
    if (
        not np.isfinite([factor, spread]).all()
        or spread <= 0
        or not 0 <= apart < np.inf
        or not 0 <= mistaken < 1
        or not (typical is None or _is_normal(typical))
        or not (taken_for is None or _are_shares(taken_for, classes))
        or extents.shape != (len(labels), 2)
        or labels.shape != shares.shape
        or labels.dtype.kind not in "iu"
        or not (np.isfinite(extents).all() and (shares > 0).all() and np.isfinite(shares).all())
        or not len(labels)
        or not (labels.min() >= 0 and labels.max() < classes)
    ):
        raise ValueError(f"{path.name} holds no sizes of {classes} classes")
    sizes = Sizes(extents, labels, shares, None if np.isnan(distance) else distance, bool(of_shapes))
    known = None if typical is None else Typical(typical[0], typical[1:])
    return SizePrior(sizes, classes, factor, spread, apart, mistaken, known, taken_for)


def _is_normal(typical: Float) -> bool:
    """Whether an array (3, 2) holds the mean and the covariance of a normal density."""
    if typical.shape != (3, 2) or not np.isfinite(typical).all() or typical[1, 1] != typical[2, 0]:
        return False
    return bool(typical[1, 0] > 0 and np.linalg.det(typical[1:]) > 0)


def _are_shares(taken_for: Float, classes: int) -> bool:
    """Whether each row of an array (classes, classes) holds shares of 1."""
    if taken_for.shape != (classes, classes) or taken_for.dtype != np.float64 or not (taken_for >= 0).all():
        return False
    return bool(np.allclose(taken_for.sum(axis=1), 1))
