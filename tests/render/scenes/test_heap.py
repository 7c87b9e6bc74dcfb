"""Parts that fall: they come to rest, touch what they lie on, go into nothing, and fall the same way again."""

import numpy as np
import pytest
from solid_shapes import Known, gaps, plate, ring, rod

from render.scenes.description import Bin, Pose
from render.scenes.solids import part_solid

bpy = pytest.importorskip("bpy")

KINDS = (plate(), rod(), ring())
WALLS = Bin((45.0, 40.0), 30.0, 1.0, (0.5, 0.5, 0.5))


def dropped(walls: Bin | None, seed: int, count: int = 12) -> tuple[list[Known], list[Pose]]:
    from render.blender.tabletop.clearance import Surface
    from render.blender.tabletop.heap import heap

    bodies = [KINDS[number % 3] for number in range(count)]
    solids = [part_solid(one.geometry) for one in bodies]
    surfaces = [Surface.of(one.mesh.vertices, np.asarray(one.mesh.faces, np.int64)) for one in bodies]
    poses = heap(solids, surfaces, walls, np.random.default_rng(seed))
    kept = [(body, pose) for body, pose in zip(bodies, poses, strict=True) if pose is not None]
    return [body for body, _ in kept], [pose for _, pose in kept]


@pytest.fixture(autouse=True, scope="module")
def empty_blender() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)


@pytest.mark.parametrize(("walls", "seed"), [(WALLS, 0), (WALLS, 1), (None, 2), (None, 3)])
def test_none_hovers_and_none_goes_into_another(walls: Bin | None, seed: int) -> None:
    bodies, poses = dropped(walls, seed)
    assert len(bodies) >= 8
    hovering, deepest = gaps(bodies, poses)
    assert max(hovering) <= 0.01
    assert deepest <= 0.01
    if walls is not None:
        corners = np.concatenate([pose(body.points) for body, pose in zip(bodies, poses, strict=True)])
        assert np.abs(corners[:, 0]).max() <= 45.0 + 0.4 and np.abs(corners[:, 1]).max() <= 40.0 + 0.4


def test_they_lie_on_each_other() -> None:
    bodies, poses = dropped(Bin((27.0, 25.0), 30.0, 1.0, (0.5, 0.5, 0.5)), 0, count=15)
    hovering, deepest = gaps(bodies, poses)
    assert max(hovering) <= 0.01 and deepest <= 0.01
    lowest = [float(pose(body.points)[:, 2].min()) for body, pose in zip(bodies, poses, strict=True)]
    assert sum(height > 1.0 for height in lowest) >= 2  # it is a heap


def test_physics_repeats_to_the_bit() -> None:
    first, again = dropped(WALLS, 5)[1], dropped(WALLS, 5)[1]
    assert len(first) == len(again)
    for one, other in zip(first, again, strict=True):
        assert (one.rotation == other.rotation).all() and (one.translation == other.translation).all()
    assert (dropped(WALLS, 6)[1][0].translation != first[0].translation).any()
    assert [scene.name for scene in bpy.data.scenes if scene.name.startswith("physics")] == []


def test_a_part_is_let_down_through_what_only_its_hull_fills() -> None:
    """A rod above a ring's hole falls through it to the ground; its hull would stop it."""
    from render.blender.tabletop.clearance import Placed, Surface, clearance_below, depth_inside

    def placed(body: Known, height: float) -> Placed:
        surface = Surface.of(body.mesh.vertices, np.asarray(body.mesh.faces, np.int64))
        return Placed(surface, Pose(np.eye(3), np.array([0.0, 0.0, height])))

    lying = placed(ring(), 1.5)
    assert clearance_below(placed(rod(), 40.0), [lying], floor=0.0) == pytest.approx(25.0, abs=0.01)
    assert clearance_below(placed(plate(), 40.0), [lying], floor=0.0) == pytest.approx(35.0, abs=0.01)
    assert depth_inside(placed(rod(), 15.0), lying) == 0
    assert depth_inside(lying, placed(plate(), 3.0)) == pytest.approx(2.0, abs=0.05)
