"""Parts dropped onto a table or into a bin: Bullet lets them fall, then each is let down until its own surface touches.

Bullet takes parts for their convex hulls, which never go into each other; what a hull adds (the room around a bolt's
shank) is what a part hovers by, and is taken away at the end.
"""

from __future__ import annotations

from collections.abc import Sequence

import bpy
import numpy as np
from mathutils import Quaternion
from numpy.typing import NDArray

from render.blender.tabletop.clearance import Placed, Surface, clearance_below, depth_inside
from render.scenes.description import Bin, Pose
from render.scenes.solids import Solid

Array = NDArray[np.float64]

FRAMES, LAST_FRAMES = 220, 20
"""How long parts fall and settle (24 frames a second), and over how many of these they must lie still."""
STILL = 0.02
"""Of its size: a part that moved more in the last frames has not come to rest, and is left out."""
SUBSTEPS, ITERATIONS = 8, 20
FRICTION, RESTITUTION = 0.6, 0.02
LINEAR_DAMPING, ANGULAR_DAMPING = 0.25, 0.85
"""Without them bolts roll for ever."""
LIFT = 0.03
"""Of its size: how far a part is lifted before it is let down, more than Bullet lets hulls go into each other."""
TOUCH = 1e-3
"""Of its size: how far above what it lies on it is left, so that no two faces share a plane."""
DEEPEST = 0.01
"""Of the smaller one's size: a part that goes deeper into another is left out."""


def heap(
    solids: Sequence[Solid], surfaces: Sequence[Surface], walls: Bin | None, rng: np.random.Generator
) -> list[Pose | None]:
    """Where each of `solids`, whose triangles are `surfaces`, comes to rest on the plane z = 0; None for those that
    rolled away or lie still nowhere. The same random numbers give the same poses, to the bit.
    """
    unit = float(np.median([solid.size_mm for solid in solids]))
    fallen, still = _fall(solids, walls, unit, rng)
    reach = _reach(solids, walls)
    kept: list[Pose | None] = [None] * len(solids)
    placed: list[Placed] = []
    lying = [Placed(surface, pose) for surface, pose in zip(surfaces, fallen, strict=True)]
    for index in sorted(range(len(solids)), key=lambda one: (float(lying[one].lower[2]), one)):
        body, size = lying[index], solids[index].size_mm
        if not still[index] or np.abs(body.pose.translation[:2]).max() > reach:
            continue
        lifted = body.shifted(max(0.0, -float(body.lower[2])) + LIFT * size)
        down = clearance_below(lifted, placed, floor=0.0)
        settled = lifted.shifted(TOUCH * size - down)
        if _goes_into(settled, placed):
            continue
        placed.append(settled)
        kept[index] = settled.pose
    return kept


def _goes_into(body: Placed, others: list[Placed]) -> bool:
    for other in others:
        if (body.lower < other.upper).all() and (other.lower < body.upper).all():
            allowed = DEEPEST * min(body.surface.size_mm, other.surface.size_mm)
            if max(depth_inside(body, other), depth_inside(other, body)) > allowed:
                return True
    return False


def _reach(solids: Sequence[Solid], walls: Bin | None) -> float:
    """How far from the middle a part may lie (mm): in the bin, or where it has not rolled away."""
    if walls is not None:
        return max(walls.half_mm)
    return 1.2 * float(np.sqrt(sum(solid.size_mm**2 for solid in solids)))


def _fall(
    solids: Sequence[Solid], walls: Bin | None, unit: float, rng: np.random.Generator
) -> tuple[list[Pose], list[bool]]:
    """Poses after FRAMES, and which parts lay still by then."""
    scene = bpy.data.scenes.new("physics")
    bodies = bpy.data.collections.new("bodies")
    try:
        with bpy.context.temp_override(scene=scene):
            bpy.ops.rigidbody.world_add()
        world = scene.rigidbody_world
        world.collection = bodies
        world.substeps_per_frame, world.solver_iterations = SUBSTEPS, ITERATIONS
        world.point_cache.frame_start, world.point_cache.frame_end = 1, FRAMES
        for corners in _fixed(walls, unit):
            _add(scene, bodies, corners, fixed=True)
        spread = _spread(solids, walls)
        height = 0.0
        things = []
        for solid in solids:
            height += solid.size_mm * 0.55
            thing = _add(scene, bodies, (solid.hull - solid.mass) / unit, fixed=False)
            thing.rotation_mode = "QUATERNION"
            turn = rng.normal(size=4)
            thing.rotation_quaternion = Quaternion(turn / np.linalg.norm(turn))
            x, y = rng.uniform(-1, 1, 2) * spread
            thing.location = np.array([x, y, height + 0.75 * solid.size_mm]) / unit
            things.append(thing)
        before, after = _run(scene, things)
    finally:
        _remove(scene, bodies)
    poses = [_pose(matrix, solid, unit) for matrix, solid in zip(after, solids, strict=True)]
    starts = [_pose(matrix, solid, unit) for matrix, solid in zip(before, solids, strict=True)]
    still = [
        float(np.abs(pose(solid.hull) - start(solid.hull)).max()) <= STILL * solid.size_mm
        for pose, start, solid in zip(poses, starts, solids, strict=True)
    ]
    return poses, still


def _spread(solids: Sequence[Solid], walls: Bin | None) -> Array:
    """Half sides (2,) of where parts are dropped from."""
    if walls is None:
        return np.full(2, 0.5 * float(np.sqrt(sum(solid.size_mm**2 for solid in solids))))
    largest = max(float(np.linalg.norm(np.ptp(solid.hull, axis=0))) for solid in solids) / 2
    return np.maximum(np.array(walls.half_mm) - largest, 0.0)


def _fixed(walls: Bin | None, unit: float) -> list[Array]:
    """Corners of what does not move: the table, and the walls of a bin, higher than they look so that all falls in."""
    far = 1000.0
    boxes = [((-far, -far, -5.0), (far, far, 0.0))]
    if walls is not None:
        (x, y), tall, thick = (side / unit for side in walls.half_mm), 200.0, 5.0
        boxes += [
            ((x, -far, 0.0), (x + thick, far, tall)),
            ((-x - thick, -far, 0.0), (-x, far, tall)),
            ((-far, y, 0.0), (far, y + thick, tall)),
            ((-far, -y - thick, 0.0), (far, -y, tall)),
        ]
    return [np.array([(a, b, c) for a in (low[0], high[0]) for b in (low[1], high[1]) for c in (low[2], high[2])])
            for low, high in boxes]  # fmt: skip


def _add(scene: bpy.types.Scene, bodies: bpy.types.Collection, points: Array, fixed: bool) -> bpy.types.Object:
    """A rigid body whose shape is the hull of `points` (n, 3) and whose centre of mass is their origin."""
    mesh = bpy.data.meshes.new("hull")
    mesh.from_pydata(points.tolist(), [], [])
    thing = bpy.data.objects.new("hull", mesh)
    scene.collection.objects.link(thing)
    bodies.objects.link(thing)
    body = thing.rigid_body
    body.type = "PASSIVE" if fixed else "ACTIVE"
    # Blender centres other shapes on the object's origin, and parts would hover.
    body.collision_shape = "CONVEX_HULL"
    body.use_margin, body.collision_margin = True, 0.0
    body.friction, body.restitution = FRICTION, RESTITUTION
    body.mass = 1.0
    body.linear_damping, body.angular_damping = LINEAR_DAMPING, ANGULAR_DAMPING
    body.use_deactivation = False
    return thing


def _run(scene: bpy.types.Scene, things: list[bpy.types.Object]) -> tuple[list[Array], list[Array]]:
    """World matrices (4, 4) LAST_FRAMES before the end, and at the end."""
    seen = []
    for frame in range(1, FRAMES + 1):
        scene.frame_set(frame)
        if frame in (FRAMES - LAST_FRAMES, FRAMES):
            graph = scene.view_layers[0].depsgraph
            seen.append([np.array(thing.evaluated_get(graph).matrix_world, float) for thing in things])
    return seen[0], seen[1]


def _pose(matrix: Array, solid: Solid, unit: float) -> Pose:
    rotation = matrix[:3, :3]
    # Single precision leaves rotations a little off; the nearest one is exact.
    left, _, right = np.linalg.svd(rotation)
    exact: Array = left @ right
    return Pose(exact, matrix[:3, 3] * unit - exact @ solid.mass)


def _remove(scene: bpy.types.Scene, bodies: bpy.types.Collection) -> None:
    meshes = [thing.data for thing in bodies.objects]
    for thing in list(bodies.objects):
        bpy.data.objects.remove(thing)
    for mesh in meshes:
        bpy.data.meshes.remove(mesh)
    bpy.data.scenes.remove(scene)
    bpy.data.collections.remove(bodies)
