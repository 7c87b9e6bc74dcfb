"""Sheets whose thickness is rounding noise: a picture of them would show triangles that lie in one another.

Such a body has one layer of triangles, or two, above and below, whose corners are the same to the last digits. It gets
two layers again, as far apart as a renderer can tell them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FLAT = 2e-6
"""Thickness, as a share of the longest side, below which it is noise: that of numbers of single precision."""
APART = 1e-5
"""Thickness that such a sheet gets, as a share of its longest side: a hundredth of a pixel."""


def sheet_normal(points: NDArray[np.float64], size: float) -> NDArray[np.float64] | None:
    """The normal (3,) of the plane in which `points` (n, 3), which lie about 0, all lie; None where they do not. `size`
    is their longest side.

    >>> sheet_normal(np.array([[0, 0, 1e-9], [1, 0, 0], [0, 1, 0], [1, 1, 0.0]]) - 0.5, 1.0).round(3).tolist()
    [0.0, 0.0, 1.0]
    """
    centred = points / size
    centred = centred - centred.mean(0)
    # Of the points themselves, not of their squares: those are too rough.
    _, _, axes = np.linalg.svd(_few(centred), full_matrices=False)
    normal: NDArray[np.float64] = axes[-1] * (1.0 if axes[-1][np.abs(axes[-1]).argmax()] > 0 else -1.0)
    return normal if float(np.ptp(centred @ normal)) < FLAT else None


def _few(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Some of `points`, among them the farthest: enough to find the plane that all may lie in."""
    if len(points) <= 1000:
        return points
    ends = np.concatenate([points.argmin(0), points.argmax(0)])
    even = np.linspace(0, len(points) - 1, 1000).astype(int)
    some: NDArray[np.float64] = points[np.concatenate([ends, even])]
    return some


def one_layer(
    vertices: NDArray[np.float64], triangles: NDArray[np.int64], normal: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Which of `triangles` (m, 3), whose `vertices` lie in one plane, are kept so that none lies in another: of a
    closed body those on the side of `normal`, of an open one all.
    """
    edges = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    _, count = np.unique(edges, axis=0, return_counts=True)
    is_open = bool((count == 1).any())
    return np.ones(len(triangles), bool) if is_open else _facing(vertices, triangles, normal) > 0


def _facing(
    vertices: NDArray[np.float64], triangles: NDArray[np.int64], normal: NDArray[np.float64]
) -> NDArray[np.float64]:
    edges = vertices[triangles[:, 1:]] - vertices[triangles[:, :1]]
    facing: NDArray[np.float64] = np.cross(edges[:, 0], edges[:, 1]) @ normal
    return facing


def with_two_sides(
    vertices: NDArray[np.float64],
    triangles: NDArray[np.int64],
    corners: NDArray[np.int64],
    normal: NDArray[np.float64],
    size: float,
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """One layer of `triangles` as two, a little apart, each turned outward; `corners` (m, 3) go along."""
    turned = _facing(vertices, triangles, normal) < 0
    above, names = triangles.copy(), corners.copy()
    above[turned], names[turned] = above[turned, ::-1], names[turned, ::-1]
    shift = normal * (size * APART / 2)
    return (
        np.concatenate([vertices + shift, vertices - shift]),
        np.concatenate([above, above[:, ::-1] + len(vertices)]),
        np.concatenate([names, names[:, ::-1]]),
    )
