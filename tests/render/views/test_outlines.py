"""The outlines of resting parts: few points, exact widths, poses that look the same only once."""

import numpy as np
import pytest

from render.parts.geometry import Body, Geometry
from render.views.outlines import resting_outlines


def box(x: float, y: float, z: float, at: float = 0.0) -> Geometry:
    corners = np.array([[i, j, k] for i in (0, x) for j in (0, y) for k in (0, z)], dtype=np.float64) + at
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    triangles = np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))], dtype=np.int32)
    return Geometry((Body("box", corners, triangles),))


@pytest.mark.parametrize("at", [0.0, 1e6])
def test_a_box_has_three_outlines_each_with_its_two_sides(at: float) -> None:
    outlines = resting_outlines(box(30, 20, 10, at))
    seen = [np.array(outline["points_mm"]) for outline in outlines]
    heights = [float(points[:, 2].max()) for points in seen]
    assert heights == pytest.approx([10, 20, 30], abs=1e-3)  # the flattest pose is the likeliest
    sides = [sorted([*np.ptp(points[:, :2], axis=0), points[:, 2].max()]) for points in seen]
    assert sides == [pytest.approx([10, 20, 30], abs=1e-3)] * 3
    assert sum(outline["probability"] for outline in outlines) == pytest.approx(1, abs=1e-3)


def test_points_are_in_the_middle_above_the_table() -> None:
    for outline in resting_outlines(box(30, 20, 10, at=500)):
        points = np.array(outline["points_mm"])
        assert (points[:, 2] >= 0).all() and points[:, 2].max() > 9
        assert points[:, :2].min(0) == pytest.approx(-points[:, :2].max(0), abs=1e-4)


def test_a_cylinder_on_its_side_is_one_pose_however_many_facets_it_has() -> None:
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1) * 10
    points = np.concatenate([np.column_stack([ring, np.full(48, z)]) for z in (0.0, 60.0)])
    sides = [t for i in range(48) for t in ((i, (i + 1) % 48, 48 + i), ((i + 1) % 48, 48 + (i + 1) % 48, 48 + i))]
    caps = [t for i in range(1, 47) for t in ((0, i + 1, i), (48, 48 + i, 49 + i))]
    outlines = resting_outlines(Geometry((Body("rod", points, np.array(sides + caps, dtype=np.int32)),)))
    assert len(outlines) <= 3
    assert all(len(outline["points_mm"]) < 100 for outline in outlines)


def test_a_sheet_without_thickness_has_an_outline_too() -> None:
    corners = np.array([[0, 0, 0], [30, 0, 0], [30, 20, 0], [0, 20, 0]], dtype=np.float64)
    sheet = Geometry((Body("sheet", corners, np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32)),))
    outlines = resting_outlines(sheet)
    assert np.ptp(np.array(outlines[0]["points_mm"]), axis=0)[:2] == pytest.approx([30, 20], abs=1e-3) or np.ptp(
        np.array(outlines[0]["points_mm"]), axis=0
    )[:2] == pytest.approx([20, 30], abs=1e-3)
