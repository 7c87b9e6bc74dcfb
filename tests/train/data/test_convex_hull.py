"""The convex hull without scipy has the corners that scipy finds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from train.data.foreground import convex_hull, feret


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("kind", ["pixels", "anywhere"])
def test_the_corners_are_those_of_scipy(seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(0, 30, (400, 2)) @ rng.normal(0, 1, (2, 2))
    points = points.round() if kind == "pixels" else points
    expected = points[ConvexHull(points).vertices]
    found = convex_hull(points)
    assert {tuple(corner) for corner in found.tolist()} == {tuple(corner) for corner in expected.tolist()}
    edges = np.roll(found, -1, axis=0) - found
    turns = edges[:, 0] * np.roll(edges, -1, axis=0)[:, 1] - edges[:, 1] * np.roll(edges, -1, axis=0)[:, 0]
    assert (turns > 0).all()


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([[2, 3]], (0, 0)),
        ([[2, 3], [2, 3], [2, 3]], (0, 0)),
        ([[0, 0], [3, 4], [1.5, 2]], (5, 0)),
        ([[0, 0], [0, 4], [0, 2], [0, 4]], (4, 0)),
    ],
)
def test_points_in_one_place_or_line_have_no_width(points: list[list[float]], expected: tuple[float, float]) -> None:
    assert feret(np.array(points, dtype=np.float64)) == pytest.approx(expected)
