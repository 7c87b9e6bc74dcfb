"""Parts on a table: they lie as they rest, apart from each other; a scene is what its file says."""

import json
from pathlib import Path

import numpy as np
import pytest
from solid_shapes import gaps, plate, ring, rod

from cad2real.errors import UserError
from render.parts.catalogue import Part
from render.scenes.description import Bin, Distractor, PlacedPart, Pose, Scene
from render.scenes.scattered import scattered
from render.scenes.settings import SceneSettings, scene_settings
from render.scenes.solids import part_solid, shape_mesh, shape_solid
from render.scenes.surroundings import drawn_camera, drawn_ground, drawn_light, drawn_parts

KINDS = (plate(), rod(), ring())
SETTINGS = SceneSettings("mixed", 6, 160, 120, "draft", 3, (), 40.0)


def laid_out(seed: int, count: int = 12) -> tuple[list, list[Pose]]:
    bodies = [KINDS[number % 3] for number in range(count)]
    poses = scattered([part_solid(one.geometry) for one in bodies], np.random.default_rng(seed))
    kept = [(body, pose) for body, pose in zip(bodies, poses, strict=True) if pose is not None]
    return [body for body, _ in kept], [pose for _, pose in kept]


@pytest.mark.parametrize("seed", range(5))
def test_none_hovers_and_none_goes_into_another(seed: int) -> None:
    bodies, poses = laid_out(seed)
    assert len(bodies) >= 10
    hovering, deepest = gaps(bodies, poses)
    assert max(np.abs(hovering)) < 1e-6 and deepest < 1e-6


def test_the_same_seed_gives_the_same_table() -> None:
    first, again, other = (np.array([pose.translation for pose in laid_out(seed)[1]]) for seed in (1, 1, 2))
    assert (first == again).all()
    assert first.shape != other.shape or (first != other).any()


def test_a_part_alone_is_laid_down() -> None:
    bodies, poses = laid_out(0, count=1)
    assert len(bodies) == 1 and np.linalg.det(poses[0].rotation) == pytest.approx(1)


def a_scene(number: int = 4) -> Scene:
    _, poses = laid_out(0, 3)
    points = np.concatenate([pose(one.mesh.vertices) for one, pose in zip(KINDS, poses, strict=True)])
    return Scene(
        number,
        "key",
        "heap",
        drawn_camera(points, None, SETTINGS, number),
        drawn_light(SETTINGS, number) if SETTINGS.environment_maps else drawn_light_without_maps(number),
        drawn_ground(SETTINGS, number),
        tuple(PlacedPart(f"part_{index}", "label", pose) for index, pose in enumerate(poses)),
        (Distractor("cone", (1.0, 2.0, 3.0), (0.1, 0.2, 0.3), 0.4, True, poses[0]),),
        Bin((20.0, 10.0), 5.0, 1.0, (0.5, 0.4, 0.3)),
        2,
    )


def drawn_light_without_maps(number: int):
    from render.views.lighting import lights

    return lights("grey", (), 1, 0, 0, f"scene {number}")[0]


def test_a_scene_is_what_its_file_says() -> None:
    written = json.dumps(a_scene().as_dict())
    assert json.dumps(Scene.from_dict(json.loads(written)).as_dict()) == written


@pytest.mark.parametrize("number", range(12))
def test_the_camera_looks_from_above_and_sees_the_parts(number: int) -> None:
    scene = a_scene(number)
    points = np.concatenate(
        [part.pose(one.mesh.vertices) for one, part in zip(KINDS, scene.parts, strict=True)]
    )  # fmt: skip
    seen = scene.camera.pose(points)
    assert seen[:, 2].min() > 0
    assert scene.camera.pose.rotation[2, 2] < -0.5  # down
    middle = (scene.camera.project(points).max(0) + scene.camera.project(points).min(0)) / 2
    assert middle == pytest.approx([80, 60], abs=30)


def test_walls_of_a_bin_do_not_hide_what_is_in_it() -> None:
    walls = Bin((30.0, 30.0), 40.0, 1.0, (0.5, 0.5, 0.5))
    floor = np.array([(x, y, 0.0) for x in (-30, 30) for y in (-30, 30)])
    for number in range(30):
        camera = drawn_camera(floor, walls, SETTINGS, number)
        eye = -camera.pose.rotation.T @ camera.pose.translation
        assert eye[2] > 40.0
        at_the_rim = eye[:2] * 40.0 / eye[2]  # where the ray to the middle of the floor passes the rim's height
        assert np.abs(at_the_rim).max() <= 30.0 + 1e-6


@pytest.mark.parametrize("shape", ["box", "cylinder", "cone", "ball"])
def test_plain_shapes_fill_their_box(shape: str) -> None:
    vertices, faces = shape_mesh(shape)  # type: ignore[arg-type]
    assert np.ptp(vertices, axis=0) == pytest.approx([1, 1, 1], abs=0.01)
    assert max(map(max, faces)) == len(vertices) - 1
    assert shape_solid(shape, (2.0, 2.0, 4.0)).size_mm == pytest.approx(4, abs=0.05)  # type: ignore[arg-type]


def test_parts_are_drawn_by_number_and_not_by_order_of_work(parts: list[Part]) -> None:
    drawn = [[part.part_id for part in drawn_parts(parts, SETTINGS, number)] for number in range(40)]
    assert drawn == [[part.part_id for part in drawn_parts(parts, SETTINGS, number)] for number in range(40)]
    assert {len(one) for one in drawn} == set(range(1, 7)) and len({tuple(one) for one in drawn}) > 20


def test_the_key_follows_what_changes_pixels(parts: list[Part]) -> None:
    def key(most: int = 6, some: slice = slice(None), quality: str = "draft") -> str:
        return scene_settings(parts, "mixed", most, "160x120", quality, 3).key(parts[some])

    assert key() == key()
    assert len({key(), key(most=7), key(some=slice(1)), key(quality="standard")}) == 4


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"layout": "pile"}, "scattered, heap, mixed"),
        ({"quality": "best"}, "draft"),
        ({"size": "big"}, "640x480"),
        ({"size": "20"}, "64 to 4096"),
        ({"size": "256x256x3"}, "640x480"),
        ({"parts": []}, "no part"),
    ],
)
def test_what_cannot_be_is_one_line(parts: list[Part], tmp_path: Path, change: dict, said: str) -> None:
    given = {"parts": parts, "layout": "mixed", "most": 5, "size": "256", "quality": "draft", "seed": 0} | change
    with pytest.raises(UserError, match=said):
        scene_settings(**given)
