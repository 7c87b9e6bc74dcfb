"""Domain gaps: zero for one distribution, growing with the shift, right for Gaussians whose distance is known."""

from __future__ import annotations

import numpy as np
import pytest

from train.measures import domain_gap

RNG = np.random.default_rng(0)
SOURCE = RNG.normal(size=(250, 5))
SAME = RNG.normal(size=(200, 5))


@pytest.mark.parametrize("name", domain_gap.GAPS)
def test_gaps_grow_with_the_shift(name: str) -> None:
    function = domain_gap.GAPS[name]
    stretched = [SAME * scale + shift for scale, shift in ((1.0, 0.0), (1.3, 0.5), (2.0, 1.5))]
    values = [function(SOURCE, target) for target in stretched]
    assert values == sorted(values)
    assert abs(values[0]) < 0.2 * values[2]


def test_frechet_of_gaussians_is_the_known_distance() -> None:
    corners = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]]) * np.sqrt(0.75)  # covariance 1
    moved = corners * [2.0, 3.0] + [3.0, 4.0]
    assert domain_gap.frechet(corners, moved) == pytest.approx(25.0 + 1.0 + 4.0)
    assert domain_gap.frechet(SOURCE, SOURCE) == pytest.approx(0.0, abs=1e-9)


def test_frechet_with_fewer_rows_than_dimensions_is_real_and_zero_for_equal_rows() -> None:
    few = RNG.normal(size=(6, 40))
    assert domain_gap.frechet(few, few) == pytest.approx(0.0, abs=1e-9)
    assert domain_gap.frechet(few, few + 1.0) == pytest.approx(40.0)


def test_mmd_is_the_u_statistic() -> None:
    x, y = SOURCE[:6], SAME[:5] + 1.0
    distances = ((x[:, None] - x[None]) ** 2).sum(-1)
    scale = np.sort(distances.ravel())[17]

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
        return np.asarray(np.exp(-((a[:, None] - b[None]) ** 2).sum(-1) / scale))

    within = sum((kernel(a, a).sum() - len(a)) / (len(a) * (len(a) - 1)) for a in (x, y))
    assert domain_gap.mmd(x, y) == pytest.approx(within - 2 * kernel(x, y).mean())


def test_sliced_wasserstein_of_a_shift_along_a_line() -> None:
    line = np.arange(10.0)[:, None]
    assert domain_gap.sliced_wasserstein(line, line + 3.0) == pytest.approx(3.0)


def test_a_distance_from_error() -> None:
    assert [domain_gap.a_distance(error) for error in (0.0, 0.25, 0.5)] == [2.0, 1.0, 0.0]
    assert domain_gap.proxy_a_distance(SOURCE, SAME + 9.0) == pytest.approx(2.0)


def test_degenerate_features_have_a_value_or_nan() -> None:
    constant = np.ones((8, 3))
    assert all(value == pytest.approx(0.0, abs=1e-9) for value in domain_gap.domain_gap(constant, constant).values())
    assert all(np.isnan(value) for value in domain_gap.domain_gap(SOURCE, SAME[:1]).values())


def test_domain_gap_draws_rows_by_seed() -> None:
    first, again, other = (domain_gap.domain_gap(SOURCE, SAME + 0.5, most_rows=60, seed=seed) for seed in (1, 1, 2))
    assert first == again != other
    assert set(first) == set(domain_gap.GAPS)
