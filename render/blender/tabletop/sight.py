"""What a scene's camera sees at every pixel's centre, exactly: rays to each body's own triangles.

Each body is looked at alone, so that how much of it others hide comes with its silhouette.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from mathutils import Vector
from mathutils.bvhtree import BVHTree
from numpy.typing import NDArray

from render.blender.tabletop.clearance import Surface
from render.scenes.description import Pose, SceneCamera
from render.scenes.truth import Box, PartSeen

Array = NDArray[np.float64]

NOTHING = np.inf
BEYOND = 1
"""How many frames beyond each border of the picture a silhouette is followed."""


@dataclass(frozen=True)
class Sight:
    """Of a picture (h, w): `depth` along the camera's axis in mm (0: nothing), `normals` (h, w, 3) unit vectors in the
    camera's axes, `instances`: the number of the part from 1 on (0: no part), and each part as it is seen.
    """

    depth: NDArray[np.float32]
    normals: NDArray[np.float32]
    instances: NDArray[np.uint16]
    parts: tuple[PartSeen, ...]


@dataclass(frozen=True)
class SeenBody:
    """A body in the scene: its surface, where it lies, and whether it is a part."""

    surface: Surface
    tree: BVHTree
    pose: Pose
    is_part: bool


@dataclass(frozen=True)
class _Alone:
    """One body alone: the upper left corner (x, y) of the pixels looked at, and their depths and normals."""

    corner: tuple[int, int]
    depth: Array
    normals: Array


def tree_of(surface: Surface) -> BVHTree:
    """For rays to a body in its own frame."""
    return BVHTree.FromPolygons(surface.vertices.tolist(), surface.triangles.tolist())


def look(camera: SceneCamera, bodies: list[SeenBody], floor: float) -> Sight:
    """What `camera` sees of `bodies` and of the level ground at the height `floor` (mm)."""
    alone = [_look_at(camera, body) for body in bodies]
    depth, normals = _ground(camera, floor)
    owner = np.full(depth.shape, -1)
    for number, one in enumerate(alone):
        if one is None:
            continue
        inside, of_one = _overlap(one, camera)
        nearer = one.depth[of_one] < depth[inside]
        depth[inside] = np.where(nearer, one.depth[of_one], depth[inside])
        normals[inside] = np.where(nearer[..., None], one.normals[of_one], normals[inside])
        owner[inside] = np.where(nearer, number, owner[inside])
    numbers = np.cumsum([body.is_part for body in bodies]) * [body.is_part for body in bodies]
    instances = np.where(owner >= 0, np.array([*numbers, 0])[owner], 0).astype(np.uint16)
    parts = tuple(
        _seen(one, owner == number, camera)
        for number, (one, body) in enumerate(zip(alone, bodies, strict=True))
        if body.is_part
    )
    shown = np.isfinite(depth)
    return Sight(np.where(shown, depth, 0).astype(np.float32), normals.astype(np.float32), instances, parts)


def _seen(one: _Alone | None, mask: NDArray[np.bool_], camera: SceneCamera) -> PartSeen:
    silhouette = np.zeros((camera.height, camera.width), bool)
    if one is None:
        return PartSeen(silhouette, silhouette, 0, None)
    there = np.isfinite(one.depth)
    inside, of_one = _overlap(one, camera)
    silhouette[inside] = there[of_one]
    rows, columns = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
    extent: Box | None = None
    if len(rows):
        x, y = one.corner
        extent = (x + int(columns[0]), y + int(rows[0]), x + int(columns[-1]) + 1, y + int(rows[-1]) + 1)
    return PartSeen(mask, silhouette, int(there.sum()), extent)


def _look_at(camera: SceneCamera, body: SeenBody) -> _Alone | None:
    """The body alone, in the pixels around it; None where it lies outside of what is looked at."""
    pixels = camera.project(body.pose(body.surface.vertices))
    frame = np.array([camera.width, camera.height])
    low = np.clip(np.floor(pixels.min(0)).astype(int), -BEYOND * frame, (1 + BEYOND) * frame)
    high = np.clip(np.ceil(pixels.max(0)).astype(int), -BEYOND * frame, (1 + BEYOND) * frame)
    width, height = (int(side) for side in high - low)
    if width <= 0 or height <= 0:
        return None
    # Camera to body: a ray's direction is not normalised, so that its depth along the axis is its length's share.
    to_body = body.pose.rotation.T @ camera.pose.rotation.T
    centre = to_body @ (-camera.pose.translation - camera.pose.rotation @ body.pose.translation)
    x, y = np.meshgrid(np.arange(width) + low[0] + 0.5, np.arange(height) + low[1] + 0.5)
    rays = np.stack([(x - camera.width / 2) / camera.focal_px, (y - camera.height / 2) / camera.focal_px, x * 0 + 1], 2)
    lengths = np.linalg.norm(rays, axis=2)
    towards = (rays @ to_body.T).reshape(-1, 3)
    depth, normals = np.full(height * width, NOTHING), np.zeros((height * width, 3))
    start, cast = Vector(centre), body.tree.ray_cast
    for number, direction in enumerate(towards.tolist()):
        _, normal, _, distance = cast(start, direction)
        if distance is not None:
            depth[number], normals[number] = distance, normal
    depth = depth.reshape(height, width) / lengths
    turned = normals.reshape(height, width, 3) @ to_body
    facing = np.sign((turned * rays).sum(axis=2, keepdims=True))
    return _Alone((int(low[0]), int(low[1])), depth, turned * -facing)


def _overlap(one: _Alone, camera: SceneCamera) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Where the pixels of one body lie in the frame, and where the frame lies in them."""
    (x, y), (height, width) = one.corner, one.depth.shape
    left, right = max(x, 0), min(x + width, camera.width)
    top, bottom = max(y, 0), min(y + height, camera.height)
    right, bottom = max(left, right), max(top, bottom)
    if left >= camera.width or top >= camera.height or right <= 0 or bottom <= 0:
        return (slice(0, 0), slice(0, 0)), (slice(0, 0), slice(0, 0))
    return (slice(top, bottom), slice(left, right)), (slice(top - y, bottom - y), slice(left - x, right - x))


def _ground(camera: SceneCamera, floor: float) -> tuple[Array, Array]:
    """Depth and normals of the level ground; NOTHING above the horizon."""
    x, y = np.meshgrid(np.arange(camera.width) + 0.5, np.arange(camera.height) + 0.5)
    rays = np.stack([(x - camera.width / 2) / camera.focal_px, (y - camera.height / 2) / camera.focal_px, x * 0 + 1], 2)
    up = camera.pose.rotation[:, 2]
    height = -float(camera.pose.rotation[:, 2] @ camera.pose.translation) - floor
    falling = -(rays @ up)
    with np.errstate(divide="ignore"):
        depth = np.where(falling > 1e-9, height / falling, NOTHING)
    normals = np.where(np.isfinite(depth)[..., None], up, 0.0)
    return depth, normals
