"""Samplers, resting poses and cameras: where views are taken from, and that parts fill their frame exactly."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh

from render.params import RenderParams
from render.parts.catalogue import Part
from render.parts.geometry import Body, Geometry, load_geometry
from render.views.cameras import Camera, fit, look_along
from render.views.description import View, describe_views
from render.views.placing import placed_poses
from render.views.resting_poses import UPRIGHT, RestingPose, resting_poses
from render.views.samplers import SAMPLERS, Viewpoint, sampler_per_view, viewpoints
from render.views.settings import RenderSettings, make_settings


def geometry_of(mesh: trimesh.Trimesh) -> Geometry:
    return Geometry((Body("body", np.asarray(mesh.vertices, np.float64), np.asarray(mesh.faces, np.int32)),))


def views_of(part: Part, settings: RenderSettings, folder: Path) -> list[View]:
    return describe_views(part, load_geometry(folder / part.file, part.units), settings)


def sampled(sampler: str, views: int = 32, seed: int = 0) -> list[Viewpoint]:
    params = RenderParams.model_validate({"sampler": sampler, "views": views, "seed": seed})
    return viewpoints(make_settings(params, [], Path()), UPRIGHT, "part")


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_gives_unit_directions(sampler: str) -> None:
    points = sampled(sampler)
    assert len(points) == 32
    assert np.allclose([np.linalg.norm(point.direction) for point in points], 1)
    assert {point.sampler for point in points} == {sampler}


def test_equidistant_views_are_spread_and_never_on_a_pole() -> None:
    directions = np.array([point.direction for point in sampled("sphere_equidistant", 64)])
    cosines = directions @ directions.T - 2 * np.eye(64)
    nearest = np.degrees(np.arccos(cosines.max(1)))
    assert nearest.min() > 0.6 * nearest.max() > 5
    assert np.abs(directions[:, 2]).max() < 0.999
    assert np.abs(directions.mean(0)).max() < 0.02


def test_solids_have_their_corners() -> None:
    for sampler, count in (("icosahedron", 12), ("dodecahedron", 20)):
        corners = {tuple(np.round(point.direction, 6)) for point in sampled(sampler, count)}
        assert len(corners) == count


def test_uniform_means_the_surface_not_the_volume_and_no_axis() -> None:
    directions = np.array([point.direction for point in sampled("sphere_uniform", 2000)])
    assert np.abs(directions.mean(0)).max() < 0.06
    # On a sphere every coordinate is uniform: its variance is 1/3.
    assert directions.var(0) == pytest.approx(np.full(3, 1 / 3), abs=0.03)


def test_hemisphere_and_resting_look_from_above() -> None:
    assert min(point.direction[2] for point in sampled("hemisphere")) > 0
    assert min(point.direction[2] for point in sampled("resting")) >= math.cos(math.radians(55)) - 1e-9


def test_a_mixture_deals_by_share_and_more_views_only_append() -> None:
    shares = {"resting": 0.75, "sphere_equidistant": 0.25}
    assert sampler_per_view(shares, 96).count("resting") == 72
    assert sampler_per_view(shares, 96)[:32] == sampler_per_view(shares, 32)
    few, many = (sampled("resting", count, seed=3) for count in (4, 9))
    assert all(np.array_equal(a.direction, b.direction) for a, b in zip(few, many, strict=False))


def test_views_depend_on_seed_part_and_number_only(parts: list[Part], settings: RenderSettings, tmp_path: Path) -> None:
    first, again = (views_of(parts[0], settings, tmp_path) for _ in range(2))
    other = views_of(parts[0], replace(settings, seed=1), tmp_path)
    assert [view.light for view in first] == [view.light for view in again]
    assert [view.light for view in first] != [view.light for view in other]
    assert np.array_equal(first[1].camera.rotation, again[1].camera.rotation)


def test_no_two_neighbouring_views_are_lit_the_same(
    parts: list[Part], settings: RenderSettings, tmp_path: Path
) -> None:
    lights = [view.light for view in views_of(parts[0], replace(settings, views=9), tmp_path)]
    assert len({light.environment for light in lights[:8]}) == 8
    assert len({(light.rotation_deg, light.strength) for light in lights}) == 9


def test_a_flat_box_mostly_lies_flat() -> None:
    poses = resting_poses(geometry_of(trimesh.creation.box((40, 30, 2))))
    flat = [pose for pose in poses if abs(pose.rotation[2, 2]) > 0.99]
    assert sum(pose.probability for pose in flat) > 0.9
    assert sum(pose.probability for pose in poses) == pytest.approx(1)


def test_a_long_part_is_stood_up_by_hand_more_often_than_it_falls_so() -> None:
    box = geometry_of(trimesh.creation.box((10, 12, 40)))

    def standing(poses: tuple[RestingPose, ...]) -> float:
        return sum(pose.probability for pose in poses if abs(pose.rotation[2, 2]) > 0.99)

    dropped, placed = resting_poses(box), placed_poses(box)
    assert standing(dropped) < 0.05 and 0.1 < standing(placed) < 0.2
    assert sum(pose.probability for pose in placed) == pytest.approx(1)
    assert placed[0].probability == max(pose.probability for pose in placed)


def test_resting_poses_put_a_face_on_the_table() -> None:
    box = geometry_of(trimesh.creation.box((10, 20, 30)))
    for pose in resting_poses(box):
        heights = box.points @ pose.rotation[2]
        assert (heights < heights.min() + 1e-6).sum() == 4


def test_a_sheet_lies_flat_on_either_side() -> None:
    flat = Body("sheet", np.array([[0.0, 0, 0], [1, 0, 0], [0, 0, 1]]), np.array([[0, 1, 2]], np.int32))
    poses = resting_poses(Geometry((flat,)))
    assert [pose.probability for pose in poses] == [0.5, 0.5]
    assert [abs(pose.rotation[2, 1]) for pose in poses] == pytest.approx([1, 1])


@pytest.mark.parametrize(
    "mesh",
    [
        trimesh.creation.box((10, 20, 30)),
        trimesh.creation.annulus(5, 9, 6, sections=24),
        trimesh.creation.cone(5, 20, sections=12),
    ],
)
def test_resting_poses_agree_with_trimesh(mesh: trimesh.Trimesh) -> None:
    _, expected = trimesh.poses.compute_stable_poses(mesh, threshold=0.006)
    found = [pose.probability for pose in resting_poses(geometry_of(mesh))]
    assert found[0] == pytest.approx(expected[0] / expected.sum(), abs=0.02)
    assert len(found) == pytest.approx(len(expected), abs=2)


def test_resting_rotations_are_rotations() -> None:
    for pose in resting_poses(geometry_of(trimesh.creation.icosphere(1))):
        assert pose.rotation @ pose.rotation.T == pytest.approx(np.eye(3), abs=1e-9)
        assert np.linalg.det(pose.rotation) == pytest.approx(1)


@pytest.mark.parametrize("size", [(60.0, 1.0, 1.0), (10.0, 10.0, 10.0), (0.1, 5.0, 80.0)])
@pytest.mark.parametrize("focal", [20.0, 50.0, 200.0])
def test_fit_fills_the_frame_exactly_and_cuts_nothing(size: tuple[float, float, float], focal: float) -> None:
    points = np.asarray(trimesh.creation.box(size).vertices)
    for point in sampled("sphere_equidistant", 7):
        rotation = look_along(point.direction, 0.3)
        camera = Camera(focal, rotation, fit(points, rotation, focal, 0.85), 512)
        pixels = camera.project(points)
        half = np.abs(pixels - 256).max(0)
        assert half.max() <= 0.85 * 256 + 0.05
        depth = points @ rotation[2] + camera.translation[2]
        if depth.min() < 0.051 * max(size):  # a needle seen end-on: the camera keeps its distance
            continue
        assert half.max() == pytest.approx(0.85 * 256, abs=0.05)
        middle = (pixels.min(0) + pixels.max(0)) / 2
        widest = int(half.argmax())
        assert middle[widest] == pytest.approx(256, abs=0.05)


def test_a_part_far_from_the_origin_looks_the_same() -> None:
    mesh = trimesh.creation.box((10, 20, 30))
    near, moved = geometry_of(mesh), mesh.copy()
    moved.apply_translation((1e6, -1e6, 1e6))
    far = geometry_of(moved)
    rotation = look_along(np.array([0.3, 0.4, 0.866]), 0.0)
    seen = []
    for geometry in (near, far):
        shift = fit(geometry.points - geometry.centre_mm, rotation, 50, 0.85)
        camera = Camera(50, rotation, shift - rotation @ geometry.centre_mm, 512)
        seen.append(camera.project(geometry.points))
    assert seen[0] == pytest.approx(seen[1], abs=1e-3)


def test_real_scale_keeps_sizes_apart(parts: list[Part], settings: RenderSettings, tmp_path: Path) -> None:
    far = replace(settings, common_distance_mm=200.0, framing="real_scale")
    spans = []
    for part in parts:
        geometry = load_geometry(tmp_path / part.file, part.units)
        (view, *_) = describe_views(part, geometry, far)
        depth = geometry.points @ view.camera.rotation[2] + view.camera.translation[2]
        assert (depth.min() + depth.max()) / 2 == pytest.approx(200)
        spans.append(np.ptp(view.camera.project(geometry.points), axis=0).max())
    assert spans[0] != pytest.approx(spans[1], rel=0.05)


def test_look_along_is_a_rotation_that_faces_the_part() -> None:
    for direction in ([0, 0, 1], [0, 0, -1], [1, 0, 0], [0.5, -0.5, 0.7]):
        unit = np.array(direction, float) / np.linalg.norm(direction)
        rotation = look_along(unit, 0.0)
        assert rotation @ rotation.T == pytest.approx(np.eye(3))
        assert np.linalg.det(rotation) == pytest.approx(1)
        assert rotation @ -unit == pytest.approx([0, 0, 1])
