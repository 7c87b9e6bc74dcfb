"""What outlines in photos say, found without labels: sizes, shapes, or nothing.

Where all photos come from one camera at one distance, millimetres become pixels by one unknown factor, and how large a
part looks says what it can be. Where distances vary somewhat, sizes say a little, and the shape of an outline, how long
it is for its width, says as much as ever. Where they vary with the parts, as where each fills its photo, shapes alone
are left. All three are one model (`SizePrior`), found by maximum likelihood over the unlabelled photos: the mixture,
over the classes that the network thinks possible, of what each class can look like. What claims more has to explain the
photos better than chance would let it; and shapes have to agree with what the network sees.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from train.sizes.possible_sizes import Sizes
from train.sizes.size_prior import SizePrior, Typical, believed

Float = npt.NDArray[np.float64]
SPREADS = (0.004, 0.007, 0.012, 0.02, 0.035, 0.05, 0.08, 0.12)
"""Of the log of a width, at one distance: perspective and outlines that are a little off."""
DISTANCE_SPREADS = (1.0, 0.6, 0.35, 0.2)
"""Of the log of both widths together, where distances vary."""
STEPS = 7  # log factors to try for each of these
COARSE = 0.05
"""The factor is first looked for with this spread. Views, seen from many sides and distances, fit no closer."""
REACH = 1.5  # log factors are tried as far around the one that matches the medians
FACTORS = np.linspace(-REACH, REACH, 61)
FINE = 0.03  # then as far around the best of them, in steps of a quarter of the spread
SHARES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
"""Shares of the photos about which the network's word may mean nothing."""
FEW, BEST = 100, 5  # photos for the first look, and how many of its fits get a second one with all of them
LEAST_SPREAD = 0.004  # what is typical of photos that are all alike is no point
CLEARLY = 1.64
"""Standard errors: of equals one in twenty is better by more."""
SIGNIFICANT = 0.01
PERMUTATIONS = 199
FEWEST_PHOTOS = 20
MOST_PHOTOS = 300  # more fit one factor no better
MANY_CLASSES, LEAST_PHOTOS = 300, 50
"""Of more classes fewer photos are taken, down to this many: each is compared with every look of every class."""


def calibrate(possible: Sequence[Sizes], observed: Float, probabilities: Float) -> SizePrior | None:
    """Finds the camera: which of the `possible` sizes hold, the factor and the spreads, from unlabelled photos.

    `observed` (m, 2) log pixels, NaN where not measured; `probabilities` (m, c) the network's for each photo.
    None when fewer than 20 photos could be measured, or their outlines do not look like those of the parts, or do not
    agree with what the network sees.
    """
    measured = np.isfinite(observed).all(axis=1)
    classes = probabilities.shape[1]
    complete = [sizes for sizes in possible if len(np.unique(sizes.labels)) == classes]
    if measured.sum() < FEWEST_PHOTOS or not complete:
        return None
    most = MOST_PHOTOS if classes <= MANY_CLASSES else max(LEAST_PHOTOS, MOST_PHOTOS * MANY_CLASSES // classes)
    some = np.flatnonzero(measured)[:: -(-int(measured.sum()) // most)]
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        photos = _Photos(observed[some], probabilities[some], pool)
        shapes, sizes = [each.shapes() for each in complete], complete
        found, counted = photos.varying_distances(shapes), shapes
        if photos.better(varying := photos.varying_distances(sizes), found):
            found, counted = varying, sizes
        if photos.better(one := photos.one_distance(sizes), found):
            return one
        return found if photos.look_like_parts(found) and _agrees(photos, counted) else None


def _agrees(photos: _Photos, counted: Sequence[Sizes]) -> bool:
    """Whether outlines agree with what the network sees better than if each photo had the outline of another: a
    permutation test, on halves of the photos that the `counted` sizes or shapes were not fitted to.
    """
    rng = np.random.default_rng(0)
    own, others = 0.0, np.zeros(PERMUTATIONS)
    for fitted, asked in ((0, 1), (1, 0)):
        prior = photos.every_second(fitted).varying_distances(counted)
        half = photos.every_second(asked)
        beliefs, likelihood = half.beliefs[SHARES.index(prior.mistaken)], prior.log_likelihood(half.seen)
        own += float(_log_sums(beliefs, likelihood).sum())
        for row in range(PERMUTATIONS):
            others[row] += _log_sums(beliefs[rng.permutation(len(beliefs))], likelihood).sum()
    return bool((1 + (others >= own).sum()) / (1 + PERMUTATIONS) <= SIGNIFICANT)


@dataclass(frozen=True)
class _Photos:
    """Photos to explain: their `seen` extents (m, 2) in log pixels and the network's `probabilities` (m, c)."""

    seen: Float
    probabilities: Float
    pool: ThreadPoolExecutor

    @cached_property
    def beliefs(self) -> Float:
        """Log probabilities (k, m, c) for each of SHARES."""
        return np.log(np.stack([believed(self.probabilities, share) for share in SHARES]))

    @cached_property
    def typical(self) -> Typical:
        """Which extents these photos have whatever they show."""
        covariance: Float = np.cov(self.seen.T) + LEAST_SPREAD**2 * np.eye(2)
        return Typical(self.seen.mean(axis=0), covariance)

    def every_second(self, first: int) -> _Photos:
        return replace(self, seen=self.seen[first::2], probabilities=self.probabilities[first::2])

    def log_likelihoods(self, prior: SizePrior) -> Float:
        """How well a prior explains each photo (m,), in nats."""
        beliefs = self.beliefs[SHARES.index(prior.mistaken)]
        return _log_sums(beliefs, prior.log_likelihood(self.seen))

    def better(self, prior: SizePrior, than: SizePrior) -> bool:
        """Whether a prior clearly explains the photos better."""
        return _clearly(self.log_likelihoods(prior) - self.log_likelihoods(than))

    def look_like_parts(self, prior: SizePrior) -> bool:
        """Whether outlines are clearly more as a prior says than just all as they mostly are."""
        return _clearly(self.log_likelihoods(prior) - self.typical.log_density(self.seen)[:, 0])

    def best_of(self, priors: Sequence[SizePrior], many: int = 1) -> list[SizePrior]:
        """The `many` priors that explain the photos best, best first, the first of equals, each with that of SHARES as
        `mistaken`.
        """

        def explained(prior: SizePrior) -> tuple[float, SizePrior]:
            asked = replace(prior, typical=self.typical)
            values = _log_sums(self.beliefs, asked.log_likelihood(self.seen)).sum(axis=1)
            return float(values.max()), replace(asked, mistaken=SHARES[int(values.argmax())])

        fits = sorted(self.pool.map(explained, priors), key=lambda fit: -fit[0])
        return [prior for _, prior in fits[:many]]

    def one_distance(self, complete: Sequence[Sizes]) -> SizePrior:
        """The sizes, factor and spread that explain the photos best if all are from one distance."""
        few, coarse = self.few(), list[SizePrior]()
        for sizes in complete:
            start = SizePrior(sizes, self.probabilities.shape[1], self._middle(sizes), COARSE)
            coarse += few.best_of([replace(start, factor=start.factor + float(shift)) for shift in FACTORS])
        fine = [
            replace(near, factor=near.factor + float(shift), spread=spread)
            for near in few.best_of(coarse, BEST)
            for spread in _spreads(near.sizes)
            for shift in np.arange(-FINE, FINE + 1e-9, max(FINE / 12, spread / 4))
        ]
        return self.best_of(fine)[0]

    def varying_distances(self, complete: Sequence[Sizes]) -> SizePrior:
        """The sizes, factor and spreads that explain the photos best if distances vary."""
        few, coarse = self.few(), list[SizePrior]()
        for sizes in complete:
            middle, reach = self._middle(sizes), REACH
            for apart in DISTANCE_SPREADS:  # the widest first: it finds the factor that the next one starts from
                start = SizePrior(sizes, self.probabilities.shape[1], middle, COARSE, apart)
                shifts = np.linspace(-reach, reach, STEPS)
                coarse += few.best_of([replace(start, factor=middle + float(shift)) for shift in shifts])
                middle, reach = coarse[-1].factor, apart
        near = few.best_of(coarse, BEST)
        return self.best_of([replace(each, spread=spread) for each in near for spread in _spreads(each.sizes)])[0]

    def few(self) -> _Photos:
        """Some of the photos, where what is looked for is far from what is known."""
        apart = max(1, len(self.seen) // FEW)
        return replace(self, seen=self.seen[::apart], probabilities=self.probabilities[::apart])

    def _middle(self, sizes: Sizes) -> float:
        return float(np.median(self.seen[:, 0]) - np.median(sizes.extents[:, 0]))


def _clearly(gains: Float) -> bool:
    """Whether gains (m,) are above 0 by more than chance."""
    return bool(gains.mean() > CLEARLY * gains.std(ddof=1) / np.sqrt(len(gains)))


def _spreads(sizes: Sizes) -> list[float]:
    return [spread for spread in SPREADS if spread >= COARSE or sizes.distance_mm is not None]


def _log_sums(beliefs: Float, likelihood: Float) -> Float:
    """Log of the sum over classes of exp(beliefs + likelihood): shapes (..., m, c) and (m, c) give (..., m)."""
    joint = beliefs + likelihood
    highest = joint.max(axis=-1)
    sums: Float = highest + np.log(np.exp(joint - highest[..., None]).sum(axis=-1))
    return sums
