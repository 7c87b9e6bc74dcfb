"""How large a part at rest looks to a camera straight above it: the points that bound its outline, pose by pose.

Training measures photos with them: where all come from one camera above a table, a part's size in pixels tells which
part it is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from render.parts.geometry import Geometry
from render.views.placing import outline_kind, placed_poses, table_directions

DISTANCES = (1.5, 3.0, 8.0, np.inf)
"""Of the camera from the table, as multiples of the part's size: a near camera sees what is high larger."""
MOST_POSES = 16

Array = NDArray[np.float64]


def resting_outlines(geometry: Geometry) -> list[dict[str, object]]:
    """The outline of each pose that looks different, most probable first, as part.json has it.

    `probability` in [0, 1]; `points_mm` (k, 3): x and y in the table's plane from the middle of the outline's box, z
    above the table.
    """
    outlines: dict[tuple[int, ...], tuple[float, Array]] = {}
    size = float(geometry.size_mm.max())
    corners = _hull(geometry.outer_points * size)
    for pose in placed_poses(geometry):
        points = corners @ pose.rotation.T
        lower, upper = points.min(0), points.max(0)
        points -= np.append((lower[:2] + upper[:2]) / 2, lower[2])
        bounding = points[_bounding(points, size)]
        kind = outline_kind(points, size)
        probability, first = outlines.get(kind, (0.0, bounding))
        outlines[kind] = probability + pose.probability, first
    usual = sorted(outlines.values(), key=lambda outline: -outline[0])[:MOST_POSES]
    return [
        {"probability": round(probability, 4), "points_mm": np.round(points, 5).tolist()}
        for probability, points in usual
    ]


def _hull(points: Array) -> Array:
    """The corners (k, 3) of the convex hull of points (n, 3); all of them where they are too flat to have one."""
    from scipy.spatial import ConvexHull, QhullError

    try:
        corners: Array = points[ConvexHull(points).vertices]
    except QhullError:
        return points
    return corners


def _bounding(points: Array, size: float) -> NDArray[np.int64]:
    """Rows of the points (n, 3) that bound the outline from any of DISTANCES."""
    outer = [
        ((points[:, :2] / (1 - points[:, 2:] / (distance * size))) @ table_directions()).argmax(0)
        for distance in DISTANCES
    ]
    rows: NDArray[np.int64] = np.unique(np.concatenate(outer))
    return rows
