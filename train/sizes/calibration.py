"""What outlines in photos say, found without labels: sizes, shapes, or nothing.

Where all photos come from one camera at one distance, millimetres become pixels by one unknown factor, and how large a
part looks says what it can be. Where distances vary somewhat, sizes say a little, and the shape of an outline, how long
it is for its width, says as much as ever. Where they vary with the parts, as where each fills its photo, shapes alone
are left. All three are one model (`SizePrior`), found by maximum likelihood over the unlabelled photos: the mixture,
over the classes that the network thinks possible, of what each class can look like. What claims more has to explain the
photos better than chance would let it; and shapes have to agree with what the network sees.

A network that has trained on its own word is sure even where it is wrong, and then no outline could correct it. But of
one distance all photos that it takes for one part tell together which parts they show (`taken_for`): of 146 that it was
sure are a plate, the outlines of 46 fit the brick that looks the same from above.
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
FEW, BEST = 100, 5  # photos for the first look; where distances vary, how many of its fits get one with all photos
LEAST_SPREAD = 0.004  # what is typical of photos that are all alike is no point
CLEARLY = 1.64
"""Standard errors: of equals one in twenty is better by more."""
ONE_PHOTO = 1.0
"""How many photos of each class the expectation before them is worth."""
MORE_LIKELY_THAN_NOT = 0.5
MOST_ROUNDS, SETTLED = 500, 1e-5
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
            return _with_mix_ups(photos, one)
        return found if photos.look_like_parts(found) and _agrees(photos, counted) else None


def _with_mix_ups(photos: _Photos, prior: SizePrior) -> SizePrior:
    """`prior`, of one distance, with which parts the photos show that the network takes for one part, where that
    clearly explains photos better than one share of mistakes for all parts: on halves of the photos that it was not
    found on. Where distances vary, what can be said of outlines is broad, and shares that make up for what is not quite
    right about it are no mix-ups: of recoloured bricks .034 fewer were right with such shares than without outlines.
    And a part of whose photos most were something else says that outlines are not as they are taken to be.
    """
    if prior.classes > MANY_CLASSES:
        return prior
    gains = []
    for fitted, asked in ((0, 1), (1, 0)):
        half = photos.every_second(asked)
        found = photos.every_second(fitted).mix_ups(prior)
        gains.append(half.log_likelihoods(replace(prior, taken_for=found)) - half.log_likelihoods(prior))
    found = photos.mix_ups(prior)
    named = np.unique(photos.probabilities.argmax(axis=1))
    is_likely = found.diagonal()[named].min() >= MORE_LIKELY_THAN_NOT
    return replace(prior, taken_for=found) if is_likely and _clearly(np.concatenate(gains)) else prior


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
        return _log_sums(np.log(prior.believed(self.probabilities)), prior.log_likelihood(self.seen))

    def mix_ups(self, prior: SizePrior) -> Float:
        """Row k: of what the photos are that the network takes for class k, as shares (c, c). The maximum of their
        likelihood times a prior, by expectation maximisation; the prior is worth one photo a class of which `mistaken`
        holds (a Dirichlet density).
        """
        classes = prior.classes
        before = believed(np.eye(classes), prior.mistaken)
        shares, fit = before, np.exp(_less_the_highest(prior.log_likelihood(self.seen)))
        for _ in range(MOST_ROUNDS):
            weights = fit / ((self.probabilities @ shares) * fit).sum(axis=1, keepdims=True)
            counts = ONE_PHOTO * before + shares * (self.probabilities.T @ weights)
            last, shares = shares, counts / counts.sum(axis=1, keepdims=True)
            if np.abs(shares - last).max() < SETTLED:
                break
        return shares

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
        few, near = self.few(), list[SizePrior]()
        for sizes in complete:
            start = SizePrior(sizes, self.probabilities.shape[1], self._middle(sizes), COARSE)
            (coarse,) = few.best_of([replace(start, factor=start.factor + float(shift)) for shift in FACTORS])
            near += few.best_of([fit for spread in _spreads(sizes) for fit in _factors_around(coarse, spread, FINE)])
        fine = [
            fit
            for each in near
            for spread in _spreads(each.sizes)
            if abs(np.log2(spread / each.spread)) < 1
            for fit in _factors_around(each, spread, spread)
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


def _factors_around(prior: SizePrior, spread: float, reach: float) -> list[SizePrior]:
    """`prior` with this `spread` and each log factor up to `reach` around its own."""
    shifts = np.arange(-reach, reach + 1e-9, max(reach / 12, spread / 4))
    return [replace(prior, factor=prior.factor + float(shift), spread=spread) for shift in shifts]


def _spreads(sizes: Sizes) -> list[float]:
    return [spread for spread in SPREADS if spread >= COARSE or sizes.distance_mm is not None]


def _log_sums(beliefs: Float, likelihood: Float) -> Float:
    """Log of the sum over classes of exp(beliefs + likelihood): shapes (..., m, c) and (m, c) give (..., m)."""
    joint = beliefs + likelihood
    sums: Float = joint.max(axis=-1) + np.log(np.exp(_less_the_highest(joint)).sum(axis=-1))
    return sums


def _less_the_highest(logs: Float) -> Float:
    """Logs (..., c), each row less its highest, so that their exponentials exist."""
    less: Float = logs - logs.max(axis=-1, keepdims=True)
    return less
