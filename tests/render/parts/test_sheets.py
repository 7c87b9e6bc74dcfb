"""A sheet whose thickness is rounding noise has two sides, each once, and looks like a sheet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh
from numpy.typing import NDArray

from render.parts.geometry import Body, load_geometry
from render.parts.sheets import APART

CORNERS = np.array([(0, 0), (50, 0), (50, 30), (0, 30)], np.float64)
ONE_WAY, OTHER_WAY = [(0, 1, 2), (0, 2, 3)], [(0, 1, 3), (1, 2, 3)]


def sheet(thickness: float, diagonals_differ: bool = True) -> trimesh.Trimesh:
    """A closed box so thick, whose lower side is cut along the other diagonal or along the same."""
    below, above = (np.column_stack([CORNERS, np.full(4, z)]) for z in (0.0, thickness))
    lower = [face[::-1] for face in (OTHER_WAY if diagonals_differ else ONE_WAY)]
    upper = [tuple(corner + 4 for corner in face) for face in ONE_WAY]
    sides = [face for a in range(4) for b in [(a + 1) % 4] for face in ((a, b, b + 4), (a, b + 4, a + 4))]
    return trimesh.Trimesh(np.concatenate([below, above]), [*lower, *upper, *sides], process=False)


def open_sheet(noise: float) -> trimesh.Trimesh:
    """One layer of many triangles with noise."""
    x, y = (values.ravel() for values in np.meshgrid(np.linspace(0, 50, 12), np.linspace(0, 30, 8)))
    z = np.random.default_rng(0).normal(0, noise, x.size)
    corners = [j * 12 + i for j in range(7) for i in range(11)]
    faces = [face for a in corners for face in ((a, a + 1, a + 13), (a, a + 13, a + 12))]
    return trimesh.Trimesh(np.column_stack([x, y, z]), faces, process=False)


def read(mesh: trimesh.Trimesh, folder: Path, turned: bool) -> Body:
    if turned:
        mesh.apply_transform(trimesh.transformations.rotation_matrix(0.7, (1, 2, 0.3)))
    mesh.export(folder / "sheet.ply")  # keeps vertices as they are
    (body,) = load_geometry(folder / "sheet.ply", "mm").bodies
    return body


def sides(body: Body) -> NDArray[np.float64]:
    """The areas of the sides of a thin body."""
    mesh = trimesh.Trimesh(body.vertices, body.triangles, process=False)
    facing = mesh.face_normals @ mesh.face_normals[0]
    assert np.abs(np.abs(facing) - 1).max() < 1e-6
    return np.array([mesh.area_faces[facing > 0].sum(), mesh.area_faces[facing < 0].sum()])


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    "mesh",
    [sheet(0), sheet(1e-12), sheet(1e-6), sheet(0, False), sheet(1e-6, False), open_sheet(0), open_sheet(1e-6)],
    ids=["0", "1e-12", "1e-6", "0 same", "1e-6 same", "open", "open with noise"],
)
def test_both_sides_are_there_once_and_apart(mesh: trimesh.Trimesh, tmp_path: Path, turned: bool) -> None:
    body = read(mesh.copy(), tmp_path, turned)
    assert sides(body) == pytest.approx([1500, 1500], rel=1e-5)
    normal = trimesh.Trimesh(body.vertices, body.triangles, process=False).face_normals[0]
    size = float(np.ptp(body.vertices, axis=0).max())
    assert np.ptp(body.vertices @ normal) == pytest.approx(size * APART, rel=0.02)


def test_what_is_thin_and_no_noise_stays(tmp_path: Path) -> None:
    body = read(sheet(0.01), tmp_path, turned=False)
    assert len(body.triangles) == 12
    assert np.ptp(body.vertices[:, 2]) == pytest.approx(0.01, rel=1e-4)


def test_a_hole_stays_a_hole(tmp_path: Path) -> None:
    ring = trimesh.creation.annulus(10, 20, 1)
    ring.vertices[:, 2] *= 1e-9
    area = np.pi * (20**2 - 10**2)
    assert sides(read(ring, tmp_path, turned=True)) == pytest.approx([area, area], rel=0.02)
